"""What the properties of a candidate weigh (see ``features``); written by training/train.py, not by hand.

Trained on the development split of CredData (labels: Apache-2.0; the files labelled: MIT, Apache-2.0, BSD and ISC),
labels' SHA-256 5ac82226d4086e342791b846774b028e6827b8b72e04ace83ce9d64cb37b2bcc, on 2026-11-21.
Properties are shapes, ordinary words and syntax seen in 3 repositories or more; no value is kept.
"""

from __future__ import annotations

# Units of the weights in one unit of log-odds.
SCALE = 32
START = -18
# From which sum a candidate is of low, medium and high confidence.
CUTS = (-0.5, 0.4, 2.0)
WEIGHTS = r"""
bend:md -3 bend:yml -1 by:-e 3 by:assert -2 by:const 2 by:export 3 by:return 3 by:var 1 cls:l 3 cls:ld 12 cls:ldm -12 cls:lu -12 cls:lud 11 cls:ludm 7
cls:lum -3 cls:ud 4 cls:udm -5 cls:um -6 comment 1 count1 3 count2 9 count3 -3 count4 -9 dotted -16 ext:config 1 ext:data 7 ext:plain 1 ext:program -5
ext:text -1 iend:md 1 in:config 3 in:docs 2 in:none -14 in:public -8 in:sample 5 in:template -4 in:test 5 in:vendor 3 kb640 4 kb641 7 kb642 10 kb643 5
kb644 4 kbare1 4 kbare10 -7 kbare2 3 kbare3 6 kbare8 -5 kbare9 -7 kbext:text 7 kbext:yaml -7 kcls:l -2 kcls:ld 11 kcls:ldm -11 kcls:lu -14 kcls:lud 9
kcls:ludm -1 kcls:u 5 kcls:ud 4 kcls:udm -5 kdig0 -6 kdig1 -10 kdig2 3 kdig3 5 kdig4 7 kdig5 2 kdis0 -3 kdis1 7 kdis2 6 kdis3 3 kdis4 2 kdis5 1
kdis6 -3 kdis7 -13 kecho -15 kent0 -6 kent10 5 kent11 10 kent2 -3 kent3 -9 kent4 -5 kent5 -6 kent6 -4 kent7 2 kent8 9 kent9 10 key 1 kfirst:9 5
kfirst:A 7 kfirst:\\ 1 kfirst:a -6 khas+ 5 khas- -7 khas. -11 khas/ -1 khas: -4 khas= 3 khas@ 4 khas\\ 1 khas_ 1 khex1 10 khex4 3 khex8 1 khex9 1
kiext:program -5 kiext:text 2 kin:config 1 kin:docs 6 kin:none -7 kin:public -9 kin:sample 6 kin:template -2 kin:test 6 klast:9 -3 klast:= 2 klast:A 10
klast:a -1 klen10 8 klen11 5 klen12 9 klen13 6 klen2 -8 klen3 -4 klen4 -3 klen5 5 klen6 -10 klen7 -8 klen8 3 klet0 -2 klet1 12 klet2 -2 klet3 -1
klet4 5 klet5 -11 kmk0 -3 kmk1 7 kmk2 -13 kmk3 -2 knext:" 9 knext:' -5 knext:)q -2 knext:,q 2 knext:;q -4 knext:]q -1 knext:aq -1 knext:end 1
knext:endq -5 knext:}q 3 kop:(q -1 kop:,nq -1 kop:: -1 kop::nq -6 kop::q 11 kop:= 2 kop:=>nq -4 kop:=q 2 kparts0 2 kparts1 -19 kparts2 -17 kparts4 3
kparts5 4 kparts6 13 kparts7 15 kq:" -2 kq:' -9 kq:` 1 kq:inside 7 kqext:config -2 kqext:data 1 kqext:program -2 kqext:text -1 kread0 11 kread1 14
kread10 -24 kread2 11 kread3 12 kread4 6 kread5 3 kread6 1 kread7 -5 kread8 -10 kread9 -13 krun -12 ksh:9A9A9+ 2 ksh:9a9a9+ 8 ksh:A 5 ksh:A9A9A+ 6
ksh:Aa -2 ksh:AaAa -1 ksh:AaAaA+ 1 ksh:AaAaAa -1 ksh:a -2 ksh:a9 -12 ksh:a9a9 3 ksh:a9a9a+ 5 ksh:a9a9a9 4 ksh:a9aAa+ 1 ksh:aAa -3 ksh:aAaAa -5
ksh:aAaAa+ -1 kspaced 3 ksteps -14 kwords0 44 kwords1 9 kwords2 2 kwords3 -11 kwords4 -12 kwords5 -6 kwords6 -24 last:base 2 last:confirmation -1
last:key -5 last:keys -12 last:nonce 5 last:pair -2 last:pass 1 last:password 9 last:pwd -2 last:secret 9 last:token 8 last:value -4 left:" 1 left:# -1
left:$ -1 left:& 7 left:' -10 left:( -5 left:) -4 left:, 2 left:/ 1 left:; -1 left:= -5 left:> 2 left:? 2 left:start 11 left:{ 5 n:access -2 n:api 5
n:app -3 n:auth 11 n:base 2 n:client 5 n:config -4 n:confirmation -1 n:consumer 7 n:current -1 n:database 3 n:db -2 n:generate -1 n:header -2 n:key -8
n:keys -12 n:mysql 4 n:new -2 n:nonce 5 n:oauth 7 n:old -1 n:pair -2 n:pass 1 n:postgres 1 n:pwd -2 n:refresh -1 n:reset -2 n:root 1 n:sa 1 n:secret 10
n:secrets -1 n:service 2 n:set 3 n:token 7 n:user -4 n:value -4 numbered 4 op:( -13 op:, -1 op:: 14 op:= 8 op:=> -4 pair:access_token 1 pair:api_key 5
pair:client_secret 4 pair:consumer_key 5 pair:consumer_secret 2 pair:current_password -1 pair:database_password 3 pair:key_base 2 pair:key_pair -2
pair:mysql_password 4 pair:new_password -2 pair:password_confirmation -1 pair:postgres_password 1 pair:sa_password 1 pair:secret_key 2
pair:user_password -3 pass -1 pb640 -1 pbare0 3 pbare1 9 pbare10 -26 pbare2 7 pbare3 5 pbare4 7 pbare5 3 pbare6 -2 pbare8 -12 pbare9 -10 pbext:config 3
pbext:text -8 pbext:yaml 3 pcls:l 5 pcls:ld 1 pcls:ldm -1 pcls:lm -7 pcls:lu 2 pcls:lud 2 pcls:ludm 7 pcls:lum -1 pcls:um -6 pdig0 -12 pdig1 3 pdig3 6
pdig4 5 pdig5 -5 pdis3 -4 pdis4 -2 pdis5 4 pdis6 3 pdis7 -1 pecho -15 pent1 -3 pent10 -1 pent2 -10 pent3 6 pent4 -3 pent5 1 pent6 7 pent7 5 pent8 -1
pent9 -5 pfirst:9 -6 pfirst:A 6 pfirst:a 3 phas! 8 phas* -5 phas- 8 phas. -7 phas/ -2 phas: -9 phas@ 2 phas_ -7 piext:program -1 piext:text -1
pin:config 2 pin:docs -3 pin:none -6 pin:public 2 pin:sample -1 pin:template -2 pin:test -1 plast:! 6 plast:9 5 plast:A -3 plast:a -5 plen0 -7
plen1 -11 plen10 -7 plen11 -4 plen12 3 plen2 -1 plen3 6 plen4 -1 plen5 11 plen6 9 plen7 7 plen8 -6 plen9 1 plet1 -4 plet2 -1 plet3 -5 plet4 -2 plet5 2
pmk0 1 pmk1 5 pmk2 -6 pnext:" -2 pnext:) -4 pnext:)q -6 pnext:,q 3 pnext:/q -3 pnext:\\q -1 pnext:a -2 pnext:end 4 pnext:endq 10 pnext:}q 5 pop:(q -12
pop:: 2 pop::nq 1 pop::q 7 pop:= 1 pop:=q 3 pparts0 3 pparts1 -7 pparts2 6 pparts3 3 pparts4 8 pparts5 -4 pparts6 -8 pparts7 -3 pq:" 1 pq:' 2 pq:` -1
pq:bare -3 pq:inside -3 pqext:data -2 pqext:program 3 pqext:shell 1 pqext:text 1 pqext:yaml 2 pread0 16 pread1 14 pread10 -32 pread2 9 pread3 10
pread4 8 pread5 4 pread7 3 pread8 -17 pread9 -14 prun 4 psh:Aa 4 psh:AaAaA+ 2 psh:a 5 psh:a9 -6 psh:a9a 3 psh:a_a -7 pspaced 6 psteps -14 pwords0 51
pwords2 1 pwords3 1 pwords4 -9 pwords5 -9 pwords6 -47 q:' -7 q:bare -2 q:inside 4 qend:cs 2 qend:js 9 qend:json -4 qend:md 5 qend:py 3 qend:rb -3
qend:sh 1 qend:ts 4 qend:yml 1 query 4 read0/0 3 read0/1 15 read0/2 8 read0/3 3 read0/4 -1 read1/1 7 read1/2 8 read1/3 6 read1/4 8 read10/0 -2
read10/1 -22 read10/2 -9 read10/3 -13 read10/4 -11 read2/0 2 read2/1 5 read2/2 5 read2/3 -1 read2/4 10 read3/0 1 read3/1 2 read3/2 5 read3/3 6
read3/4 7 read4/0 3 read4/1 3 read4/2 2 read4/3 3 read4/4 3 read5/1 5 read5/2 4 read6/0 -3 read6/1 5 read7/1 -1 read8/1 -15 read8/2 -6 read8/3 -6
read8/4 -2 read9/0 -1 read9/1 -8 read9/2 -11 read9/3 -2 read9/4 -5 style:camel -7 style:lower 10 style:title -8 style:upper 5 uuid 5 w:access -1
w:admin -10 w:api -4 w:auth -1 w:client 2 w:key -6 w:name -1 w:new -3 w:pass -9 w:password -15 w:refresh -1 w:reset -1 w:secret -5 w:secrets -2
w:service -1 w:some -4 w:string -2 w:test -12 w:token -5 w:user -2 w:value -2 width0 -4 width1 -6 width2 -7 width3 14 width4 1 width5 1
"""
