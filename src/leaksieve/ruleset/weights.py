"""What the properties of a candidate weigh (see ``features``); written by training/train.py, not by hand.

Trained on the development split of CredData (labels: Apache-2.0; the files labelled: MIT, Apache-2.0, BSD and ISC),
labels' SHA-256 5ac82226d4086e342791b846774b028e6827b8b72e04ace83ce9d64cb37b2bcc, on 2026-11-21.
Properties are shapes, ordinary words and syntax seen in 3 repositories or more; no value is kept.
"""

from __future__ import annotations

# Units of the weights in one unit of log-odds.
SCALE = 32
START = -10
# From which sum a candidate is of low, medium and high confidence.
CUTS = (-0.5, 0.4, 2.0)
WEIGHTS = r"""
bend:yml -3 by:-e 1 by:const 2 by:export 2 by:return 2 by:var 1 cls:l 2 cls:ld 12 cls:ldm -12 cls:lm 1 cls:lu -15 cls:lud 10 cls:ludm 5 cls:lum -5
cls:u 4 cls:ud 4 cls:udm -5 count1 4 count2 8 count3 -4 count4 -9 dotted -15 ext:config 1 ext:data 7 ext:plain 1 ext:program -5 ext:shell -1
in:config 3 in:docs 4 in:none -13 in:public -12 in:sample 5 in:template -4 in:test 4 in:vendor 1 kb640 4 kb641 7 kb642 10 kb643 5 kb644 4 kbare1 4
kbare10 -8 kbare2 3 kbare3 6 kbare8 -5 kbare9 -7 kbext:text 6 kbext:yaml -6 kcls:l -2 kcls:ld 11 kcls:ldm -12 kcls:lu -14 kcls:lud 9 kcls:ludm -1
kcls:u 5 kcls:ud 4 kcls:udm -5 kdig0 -6 kdig1 -9 kdig2 3 kdig3 6 kdig4 6 kdig5 1 kdis0 -3 kdis1 7 kdis2 5 kdis3 2 kdis4 2 kdis5 1 kdis6 -3 kdis7 -13
kecho -15 kent0 -7 kent10 5 kent11 10 kent2 -3 kent3 -9 kent4 -5 kent5 -7 kent6 -5 kent7 1 kent8 9 kent9 10 key -1 kfirst:9 4 kfirst:A 7 kfirst:a -6
khas+ 5 khas- -7 khas. -11 khas/ -1 khas: -4 khas= 3 khas@ 4 khas\\ 1 khas_ 2 khex1 10 khex4 3 khex8 2 khex9 1 kiext:program -5 kiext:text 2
kin:config 1 kin:docs 5 kin:none -8 kin:public -9 kin:sample 6 kin:template -2 kin:test 6 klast:9 -4 klast:= 2 klast:A 10 klast:a -1 klen10 7 klen11 4
klen12 9 klen13 6 klen2 -8 klen3 -3 klen4 -2 klen5 4 klen6 -10 klen7 -8 klen8 3 klet0 -3 klet1 11 klet2 -2 klet4 4 klet5 -12 kmk0 -4 kmk1 7 kmk2 -14
kmk3 -2 knext:" 9 knext:' -5 knext:)q -2 knext:,q 2 knext:;q -4 knext:]q -1 knext:aq -1 knext:end 1 knext:endq -5 knext:}q 3 kop:(q -1 kop:,nq -1
kop:: -1 kop::nq -7 kop::q 12 kop:= 1 kop:=>nq -4 kop:=q 1 kparts0 1 kparts1 -19 kparts2 -17 kparts3 -1 kparts4 4 kparts5 3 kparts6 13 kparts7 14
kq:" -2 kq:' -9 kq:` 1 kq:inside 6 kqext:config -1 kqext:program -2 kqext:text -1 kread0 10 kread1 14 kread10 -24 kread2 11 kread3 11 kread4 6 kread5 3
kread6 1 kread7 -5 kread8 -10 kread9 -13 krun -12 ksh:9A9A9+ 2 ksh:9a9a9+ 8 ksh:A 5 ksh:A9A9A+ 6 ksh:Aa -2 ksh:AaAa -1 ksh:AaAaA+ 1 ksh:AaAaAa -1
ksh:a -2 ksh:a9 -12 ksh:a9a9 3 ksh:a9a9a+ 5 ksh:a9a9a9 4 ksh:a9aAa+ 1 ksh:aAa -3 ksh:aAaAa -5 kspaced 3 ksteps -14 kwords0 43 kwords1 9 kwords2 2
kwords3 -11 kwords4 -12 kwords5 -6 kwords6 -24 last:base 2 last:confirmation -1 last:key -6 last:keys -12 last:nonce 5 last:pair -2 last:pass 1
last:password 9 last:salt -1 last:secret 8 last:token 8 last:value -4 left:" 2 left:# -2 left:$ 1 left:& 7 left:' -11 left:( 1 left:) -4 left:, 5
left:/ 1 left:; -1 left:= -5 left:> 2 left:? 1 left:A -1 left:a -3 left:start 7 left:{ 5 n:access -2 n:api 5 n:app -3 n:auth 11 n:base 2 n:client 6
n:config -4 n:confirmation -1 n:consumer 7 n:current -2 n:database 3 n:db -3 n:generate -1 n:header -2 n:key -8 n:keys -12 n:mysql 2 n:new -1 n:nonce 5
n:oauth 7 n:pair -2 n:pass 1 n:postgres 1 n:reset -2 n:root 1 n:sa 1 n:salt -1 n:secret 10 n:secrets -1 n:service 2 n:set 4 n:token 7 n:user -3
n:value -4 numbered 3 op:( -13 op:, -1 op:: 12 op:= 10 op:=> -5 pair:api_key 5 pair:client_secret 5 pair:consumer_key 5 pair:consumer_secret 2
pair:current_password -2 pair:database_password 3 pair:key_base 2 pair:key_pair -2 pair:mysql_password 2 pair:new_password -1
pair:password_confirmation -1 pair:postgres_password 1 pair:sa_password 1 pair:secret_key 2 pair:user_password -3 pb640 -1 pb641 -2 pbare0 10 pbare1 8
pbare10 -29 pbare2 7 pbare3 5 pbare4 7 pbare5 5 pbare6 -3 pbare8 -8 pbare9 -12 pbext:text -5 pbext:yaml 2 pcls:l 4 pcls:lm -6 pcls:lu -1 pcls:lud 1
pcls:ludm 6 pcls:lum -3 pdig0 -8 pdig1 2 pdig2 -1 pdig3 6 pdis3 -5 pdis4 -3 pdis5 3 pdis6 1 pdis7 4 pecho -16 pent1 -1 pent10 -1 pent2 2 pent3 5
pent4 -5 pent5 -4 pent6 6 pent7 4 pent8 -2 pent9 -6 pfirst:9 -7 pfirst:A 6 pfirst:a 3 phas! 7 phas* -1 phas- 7 phas. -8 phas: -9 phas@ 2 phas_ -8
piext:program -1 piext:text -1 pin:config 2 pin:docs -1 pin:none -5 pin:public -4 pin:sample -1 pin:template -2 pin:test -2 plast:! 4 plast:9 5
plast:a -8 plen10 -8 plen11 -4 plen12 3 plen2 -5 plen3 3 plen4 -2 plen5 8 plen6 7 plen7 6 plen8 -6 plet1 -3 plet2 1 plet3 -6 plet5 3 pmk1 4 pmk2 -2
pnext:" -2 pnext:) 3 pnext:)q -8 pnext:,q 3 pnext:/q -3 pnext:;q 2 pnext:\\q -1 pnext:end 2 pnext:endq 11 pnext:}q 3 pop:(q -12 pop::nq 3 pop::q 5
pop:= 5 pop:=q 3 pparts0 6 pparts1 -5 pparts2 4 pparts3 4 pparts4 7 pparts5 -4 pparts6 -8 pparts7 -3 pq:" 1 pq:` -1 pq:inside -3 pqext:data -1
pqext:program 3 pqext:shell 1 pqext:yaml 2 pread0 16 pread1 13 pread10 -32 pread2 9 pread3 10 pread4 8 pread5 6 pread6 -1 pread7 3 pread8 -15
pread9 -16 prun 3 psh:AaAaA+ 2 psh:a 4 psh:a9 -6 psh:a_a -7 pspaced 4 psteps -13 pwords0 50 pwords2 2 pwords4 -9 pwords5 -9 pwords6 -43 q:' -9
q:bare -1 q:inside 4 qend:cs 1 qend:js 10 qend:json -3 qend:md 4 qend:py 3 qend:rb -5 qend:sh 1 qend:ts 4 qend:yml 1 query 4 read0/0 7 read0/1 11
read0/2 7 read0/3 3 read0/4 -2 read1/1 6 read1/2 8 read1/3 6 read1/4 8 read10/0 -1 read10/1 -22 read10/2 -10 read10/3 -13 read10/4 -11 read2/0 2
read2/1 4 read2/2 4 read2/3 -1 read2/4 10 read3/0 1 read3/1 2 read3/2 5 read3/3 6 read3/4 7 read4/0 3 read4/1 3 read4/2 2 read4/3 3 read4/4 3 read5/1 5
read5/2 3 read6/0 -4 read6/1 4 read7/1 -2 read8/1 -11 read8/2 -6 read8/3 -6 read8/4 -2 read9/0 -2 read9/1 -9 read9/2 -11 read9/3 -2 read9/4 -5
style:camel -7 style:lower 11 style:title -8 style:upper 4 uuid 5 w:access -2 w:api -4 w:auth -1 w:client 2 w:key -6 w:name -1 w:new -4 w:pass -10
w:password -16 w:refresh -1 w:reset -1 w:secret -5 w:secrets -1 w:service -1 w:some -4 w:string -4 w:test -9 w:token -6 w:user -2 w:value -2 width0 -6
width1 -5 width2 -9 width3 17 width4 1 width5 1
"""
