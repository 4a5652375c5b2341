"""What the properties of a candidate weigh (see ``features``); written by training/train.py, not by hand.

Trained on the development split of CredData (labels: Apache-2.0; the files labelled: MIT, Apache-2.0, BSD and ISC),
labels' SHA-256 5ac82226d4086e342791b846774b028e6827b8b72e04ace83ce9d64cb37b2bcc, on 2026-11-21.
Properties are shapes, ordinary words and syntax seen in 3 repositories or more; no value is kept.
"""

from __future__ import annotations

# Units of the weights in one unit of log-odds.
SCALE = 32
START = -25
# From which sum a candidate is of low, medium and high confidence.
CUTS = (-0.5, 0.4, 2.0)
WEIGHTS = r"""
bend:yml -2 by:-e 1 by:const 3 by:export 2 by:return 1 by:var 1 cls:l 2 cls:ld 11 cls:ldm -11 cls:lu -16 cls:lud 10 cls:ludm 3 cls:lum -4 cls:u 4
cls:ud 5 cls:udm -5 comment 1 count1 4 count2 9 count3 -3 count4 -10 dotted -16 ext:config 1 ext:data 5 ext:plain 1 ext:program -5 ext:shell -1
ext:yaml 1 iend:md 1 in:config 3 in:docs 5 in:none -12 in:public -12 in:sample 4 in:template -4 in:test 3 in:vendor 2 kb640 6 kb641 7 kb642 12 kb643 5
kb644 4 kbare1 4 kbare10 -7 kbare2 3 kbare3 6 kbare8 -4 kbare9 -7 kbext:text 7 kbext:yaml -6 kcls:l -2 kcls:ld 11 kcls:ldm -11 kcls:lm 7 kcls:lu -15
kcls:lud 9 kcls:ludm -4 kcls:u 4 kcls:ud 5 kcls:udm -5 kdig0 -7 kdig1 -10 kdig2 2 kdig3 5 kdig4 8 kdis0 -2 kdis1 6 kdis2 4 kdis3 -1 kdis4 3 kdis5 3
kdis6 -4 kdis7 -11 kecho -18 kent0 -6 kent10 5 kent11 11 kent2 -1 kent3 -10 kent4 -8 kent5 -8 kent6 -2 kent8 10 kent9 7 key -2 kfirst:9 4 kfirst:A 6
kfirst:\\ 1 kfirst:a -7 khas+ 6 khas- -8 khas. -11 khas/ -4 khas: -11 khas= 4 khas@ 5 khas\\ -1 khas_ 2 khex1 11 khex4 -1 khex8 2 khex9 1 kiext:data 8
kiext:program -10 kiext:text 3 kin:config 1 kin:docs 6 kin:none -8 kin:public -8 kin:sample 4 kin:template -2 kin:test 5 kin:vendor 1 klast:9 -6
klast:= 3 klast:A 13 klen10 6 klen11 4 klen12 8 klen13 7 klen2 -7 klen3 -3 klen4 -3 klen5 3 klen6 -9 klen7 -8 klen8 2 klen9 -1 klet0 -1 klet1 11
klet2 -3 klet3 -1 klet4 4 klet5 -12 kmk0 -3 kmk1 6 kmk2 -15 kmk3 -2 knext:" 6 knext:' -6 knext:)q -5 knext:,q 5 knext:/q -4 knext:;q -3 knext:]q -2
knext:aq -1 knext:end 2 knext:endq -2 knext:}q 2 kop:(q -3 kop:,nq -2 kop:: 1 kop::nq -4 kop::q 7 kop:= 1 kop:=>nq -4 kop:=q 3 kparts0 2 kparts1 -18
kparts2 -17 kparts4 2 kparts5 6 kparts6 13 kparts7 11 kq:' -8 kq:` 2 kq:bare 1 kq:inside 2 kqext:config -2 kqext:data -2 kqext:program 2 kqext:text -4
kqext:yaml 1 kread0 11 kread1 15 kread10 -25 kread2 13 kread3 13 kread4 7 kread5 2 kread6 1 kread7 -3 kread8 -12 kread9 -16 krun -11 ksh:9A9A9+ 1
ksh:9a9a9+ 5 ksh:A 4 ksh:A9A9A+ 7 ksh:Aa -3 ksh:AaAa -1 ksh:AaAaA+ 1 ksh:AaAaAa -3 ksh:a -2 ksh:a9 -10 ksh:a9a9 4 ksh:a9a9a+ 6 ksh:a9a9a9 5
ksh:a9aAa+ 1 ksh:aAa -3 ksh:aAaAa -4 ksh:aAaAa+ 1 kspaced 2 ksteps -13 kwords0 43 kwords1 8 kwords3 -9 kwords4 -13 kwords5 -4 kwords6 -25 last:api -2
last:authorization -2 last:base 2 last:confirmation -1 last:key -2 last:keys -11 last:nonce 6 last:pair -2 last:pass 1 last:password 10 last:salt -1
last:secret 10 last:token 10 last:value -3 left:" 3 left:# -2 left:$ 3 left:& 7 left:' -9 left:( 1 left:) -3 left:, 6 left:: -6 left:; -3 left:= -8
left:> 2 left:? 4 left:` -1 left:start 9 left:{ 5 n:access -1 n:api 3 n:app -2 n:auth 11 n:authorization -7 n:base 2 n:client 6 n:config -4
n:confirmation -1 n:consumer 7 n:create -1 n:credit -2 n:current -2 n:data -4 n:database 3 n:db -3 n:header -1 n:key -4 n:keys -11 n:mysql 2 n:new -1
n:nonce 6 n:oauth 8 n:pair -2 n:pass 1 n:password 1 n:postgres 1 n:reset -2 n:root 1 n:sa 1 n:salt -1 n:secret 12 n:secrets -1 n:security -1
n:service 2 n:set 5 n:token 9 n:user -3 n:value -3 numbered 4 op:( -14 op:, -4 op:: 14 op:= 12 op:=> -5 pair:access_token 1 pair:api_key 6
pair:client_secret 5 pair:consumer_key 5 pair:consumer_secret 2 pair:current_password -2 pair:database_password 3 pair:key_base 2 pair:key_pair -2
pair:mysql_password 2 pair:new_password -1 pair:password_confirmation -1 pair:postgres_password 1 pair:sa_password 1 pair:secret_key 2
pair:user_password -3 pass 2 pb640 -1 pb641 -2 pbare0 9 pbare1 8 pbare10 -29 pbare2 7 pbare3 5 pbare4 7 pbare5 5 pbare6 -3 pbare8 -8 pbare9 -12
pbext:text -5 pbext:yaml 2 pcls:l 4 pcls:lm -7 pcls:lu -1 pcls:lud 2 pcls:ludm 7 pcls:lum -3 pdig0 -8 pdig1 3 pdig3 6 pdig4 1 pdis3 -5 pdis4 -2 pdis5 4
pdis6 2 pdis7 4 pecho -15 pent1 -1 pent10 -1 pent2 2 pent3 5 pent4 -5 pent5 -3 pent6 6 pent7 4 pent8 -2 pent9 -6 pfirst:9 -7 pfirst:A 7 pfirst:a 3
phas! 7 phas* -1 phas- 7 phas. -8 phas: -9 phas@ 2 phas_ -8 piext:program -1 piext:text -1 pin:config 2 pin:docs -1 pin:none -4 pin:public -3
pin:template -2 pin:test -1 plast:! 4 plast:9 6 plast:a -8 plen10 -7 plen11 -4 plen12 3 plen2 -5 plen3 3 plen4 -2 plen5 7 plen6 7 plen7 6 plen8 -6
plet1 -3 plet2 1 plet3 -5 plet5 3 pmk0 1 pmk1 5 pmk2 -2 pnext:" -2 pnext:) 3 pnext:)q -8 pnext:,q 4 pnext:/q -3 pnext:;q 1 pnext:\\q -1 pnext:aq -1
pnext:end 2 pnext:endq 11 pnext:}q 4 pop:(q -11 pop:,nq -2 pop:: 1 pop::nq 3 pop::q 6 pop:= 5 pop:=q 3 pparts0 6 pparts1 -5 pparts2 5 pparts3 3
pparts4 7 pparts5 -4 pparts6 -8 pparts7 -3 pq:" 2 pq:` -1 pq:inside -2 pqext:program 3 pqext:shell 1 pqext:yaml 2 pread0 16 pread1 13 pread10 -32
pread2 9 pread3 10 pread4 8 pread5 6 pread6 -1 pread7 3 pread8 -15 pread9 -16 prun 3 psh:AaAaA+ 2 psh:a 4 psh:a-a 1 psh:a9 -7 psh:a_a -7 pspaced 4
psteps -13 pwords0 51 pwords2 2 pwords4 -10 pwords5 -8 pwords6 -42 q:" 2 q:' -7 q:` 1 q:bare 1 qend:cs 1 qend:js 13 qend:json -4 qend:md 3 qend:py 2
qend:rb -4 qend:sh 1 qend:ts 4 qend:yml 1 query 5 read0/0 8 read0/1 11 read0/2 7 read0/3 3 read0/4 -2 read1/1 6 read1/2 8 read1/3 6 read1/4 9
read10/0 -1 read10/1 -21 read10/2 -12 read10/3 -12 read10/4 -11 read2/0 2 read2/1 5 read2/2 4 read2/4 11 read3/0 1 read3/1 3 read3/2 6 read3/3 5
read3/4 8 read4/0 4 read4/1 3 read4/2 2 read4/3 3 read4/4 3 read5/1 5 read5/2 3 read5/3 -1 read6/0 -3 read6/1 4 read7/1 1 read8/1 -13 read8/2 -6
read8/3 -6 read8/4 -2 read9/0 -1 read9/1 -8 read9/2 -13 read9/3 -4 read9/4 -5 style:camel -8 style:lower 12 style:title -8 style:upper 4 uuid 6
w:api -5 w:auth -2 w:client 2 w:key -5 w:name -1 w:new -4 w:pass -9 w:password -15 w:refresh -1 w:reset -1 w:secret -3 w:service -1 w:some -3
w:string -4 w:test -8 w:token -7 w:user -2 w:value -2 width0 -7 width1 -5 width2 -8 width3 17 width4 -2 width5 4
"""
