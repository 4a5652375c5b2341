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
CUTS = (-19, 0, 64)
WEIGHTS = r"""
bend:md -4 bend:yml -2 by:-e 2 by:assert -1 by:const 3 by:export 3 by:return 3 by:var 1 cls:l 3 cls:ld 12 cls:ldm -13 cls:lu -12 cls:lud 6 cls:ludm 7
cls:lum -3 cls:u 1 cls:ud 8 cls:udm -4 cls:um -5 comment 2 count2 10 count3 -2 count4 -8 dotted -14 ext:config 1 ext:data 7 ext:plain 1 ext:program -5
ext:text -1 iend:md 1 in:config 3 in:docs 2 in:none -13 in:public -8 in:sample 7 in:template -4 in:test 4 in:vendor 5 joined 2 kb640 1 kb641 9 kb642 8
kb643 5 kb644 7 kbare1 5 kbare10 -7 kbare2 3 kbare3 6 kbare8 -5 kbare9 -7 kbext:text 7 kbext:yaml -7 kcls:l -2 kcls:ld 11 kcls:ldm -12 kcls:lu -14
kcls:lud 4 kcls:u 6 kcls:ud 8 kcls:udm -4 kdig0 -4 kdig1 -7 kdig3 4 kdig4 9 kdig5 -1 kdis0 -2 kdis1 8 kdis2 5 kdis3 2 kdis4 6 kdis5 -9 kdis6 1
kdis7 -12 kecho -14 kent0 -6 kent10 3 kent11 8 kent2 -3 kent3 -8 kent4 -5 kent5 -6 kent6 -3 kent7 1 kent8 7 kent9 13 kfirst:9 6 kfirst:A 6 kfirst:\\ 1
kfirst:a -6 khas+ 6 khas- -6 khas. -12 khas: -4 khas= 3 khas@ 4 khas\\ 1 khas_ 1 khex1 9 khex4 2 khex8 3 khex9 1 kiext:program -5 kiext:text 2
kin:config 1 kin:docs 6 kin:none -6 kin:public -10 kin:sample 8 kin:template -2 kin:test 3 kin:vendor 1 klast:9 -2 klast:= 3 klast:A 9 klast:a -1
klen10 3 klen11 6 klen12 9 klen13 9 klen2 -8 klen3 -2 klen4 -2 klen5 5 klen6 -10 klen7 -8 klet0 -2 klet1 11 klet2 -3 klet3 -1 klet4 5 klet5 -10 kmk0 -2
kmk1 8 kmk2 -14 kmk3 -2 knext:" 9 knext:' -4 knext:)q -15 knext:,q 6 knext:;q -4 knext:]q -1 knext:aq -2 knext:end 2 knext:endq -1 knext:}q 5 kop:(q 2
kop:: -1 kop::nq -6 kop::q 16 kop:= 1 kop:=>nq -1 kop:=q 7 kparts0 3 kparts1 -18 kparts2 -17 kparts3 1 kparts4 5 kparts5 5 kparts6 10 kparts7 12
kq:" -1 kq:' -12 kq:` 2 kq:inside 7 kqext:config -2 kqext:data 1 kqext:program -3 kqext:text -1 kread0 12 kread1 7 kread10 -23 kread2 6 kread3 13
kread4 9 kread5 7 kread6 2 kread7 -4 kread8 -10 kread9 -14 krun -9 ksh:9A9A9+ 3 ksh:9a9a9+ 6 ksh:A 6 ksh:A9A9A+ 8 ksh:Aa -2 ksh:AaAa -1 ksh:AaAaA+ 1
ksh:AaAaAa -2 ksh:a -2 ksh:a9 -11 ksh:a9a9 3 ksh:a9a9a+ 5 ksh:a9a9a9 4 ksh:a9aAa+ 2 ksh:aAa -3 ksh:aAaAa -5 ksh:aAaAa+ -4 kspaced 4 ksteps -15
kwords0 47 kwords1 4 kwords2 4 kwords3 -12 kwords4 -12 kwords5 -6 kwords6 -23 last:base 2 last:key -6 last:keys -12 last:nonce 6 last:pair -2
last:pass 1 last:password 9 last:pwd -2 last:secret 5 last:token 8 last:value -4 left:" 3 left:# -1 left:$ 1 left:& 7 left:' -8 left:( -5 left:) -3
left:, 4 left:/ 2 left:: -18 left:; -1 left:= -4 left:> 3 left:? 2 left:a 1 left:start 13 left:{ 6 n:access -3 n:api 5 n:app -3 n:auth 13 n:base 1
n:client 7 n:config -3 n:consumer 8 n:current -1 n:database 3 n:db -2 n:generate 1 n:key -9 n:keys -12 n:mysql 3 n:new -2 n:nonce 6 n:oauth 8 n:old -1
n:pair -2 n:pass 1 n:password 1 n:postgres 1 n:pwd -2 n:refresh -1 n:reset -2 n:sa 1 n:secret 8 n:secrets -1 n:service 2 n:set 3 n:token 7 n:user -4
n:value -4 numbered 4 op:( -10 op:, -18 op:: 19 op:= 13 op:=> -2 pair:api_key 6 pair:client_secret 6 pair:consumer_key 6 pair:consumer_secret 2
pair:current_password -1 pair:database_password 3 pair:key_base 2 pair:key_pair -2 pair:mysql_password 3 pair:new_password -2 pair:postgres_password 1
pair:refresh_token -1 pair:sa_password 1 pair:secret_key 3 pair:user_password -3 pb640 -2 pbare0 3 pbare1 9 pbare10 -26 pbare2 7 pbare3 5 pbare4 7
pbare5 3 pbare6 -1 pbare8 -12 pbare9 -10 pbext:config 3 pbext:text -8 pbext:yaml 4 pcls:l 5 pcls:ld 1 pcls:ldm -1 pcls:lm -7 pcls:lu 2 pcls:lud 2
pcls:ludm 7 pcls:lum -2 pcls:um -5 pdig0 -13 pdig1 2 pdig3 6 pdig4 5 pdig5 -5 pdis3 -4 pdis4 -2 pdis5 5 pdis6 2 pdis7 -2 pecho -15 pent1 -3 pent10 -1
pent2 -10 pent3 7 pent4 -3 pent5 1 pent6 8 pent7 5 pent8 -1 pent9 -5 pfirst:9 -6 pfirst:A 6 pfirst:a 3 phas! 8 phas* -5 phas- 7 phas. -7 phas/ -2
phas: -9 phas@ 2 phas_ -6 piext:program -1 piext:text -1 pin:config 2 pin:docs -4 pin:none -7 pin:public 1 pin:sample -2 pin:template -2 pin:test 1
plast:! 6 plast:9 6 plast:A -3 plast:a -5 plen0 -7 plen1 -11 plen10 -8 plen11 -4 plen12 3 plen3 6 plen4 -1 plen5 11 plen6 10 plen7 7 plen8 -7 plen9 1
plet1 -4 plet2 -1 plet3 -5 plet4 -1 plet5 2 pmk0 1 pmk1 4 pmk2 -6 pnext:" -2 pnext:) -5 pnext:)q -6 pnext:,q 4 pnext:/q -3 pnext:\\q -1 pnext:a -2
pnext:end 5 pnext:endq 10 pnext:}q 5 pop:(q -13 pop:: 2 pop::nq 1 pop::q 7 pop:=q 4 pparts0 4 pparts1 -7 pparts2 7 pparts3 3 pparts4 8 pparts5 -4
pparts6 -8 pparts7 -3 pq:' 3 pq:` -1 pq:bare -3 pq:inside -2 pqext:data -2 pqext:program 4 pqext:shell 1 pqext:text 1 pqext:yaml 2 pread0 16 pread1 14
pread10 -31 pread2 9 pread3 10 pread4 8 pread5 4 pread7 3 pread8 -17 pread9 -15 prun 4 psh:Aa 4 psh:AaAaA+ 2 psh:a 5 psh:a9 -6 psh:a9a 3 psh:a_a -6
pspaced 7 psteps -13 pwords0 50 pwords2 3 pwords4 -8 pwords5 -9 pwords6 -47 q:" -1 q:' -9 q:` 1 q:bare -2 q:inside 4 qend:cs 1 qend:js 11 qend:json -4
qend:md 5 qend:py 3 qend:rb -13 qend:sh 1 qend:ts 6 qend:yml 1 query 4 read0/0 3 read0/1 15 read0/2 8 read0/3 3 read0/4 -1 read1/1 7 read1/2 3
read1/3 8 read1/4 4 read10/0 -1 read10/1 -21 read10/2 -8 read10/3 -13 read10/4 -11 read2/0 -3 read2/1 5 read2/2 5 read2/4 8 read3/0 1 read3/1 3
read3/2 4 read3/3 6 read3/4 9 read4/0 3 read4/1 3 read4/2 2 read4/3 3 read4/4 7 read5/1 9 read5/2 3 read6/0 -3 read6/1 5 read7/1 -1 read8/1 -14
read8/2 -7 read8/3 -6 read8/4 -2 read9/0 -1 read9/1 -9 read9/2 -10 read9/3 -3 read9/4 -5 style:camel -7 style:lower 9 style:title -7 style:upper 5
uuid 5 w:access -2 w:admin -10 w:api -4 w:auth -2 w:client 2 w:key -6 w:name -1 w:new -3 w:pass -8 w:password -15 w:refresh -1 w:secret -3 w:secrets -2
w:service -1 w:some -4 w:string -3 w:test -11 w:token -6 w:user -2 w:value -3 width0 -3 width1 -3 width2 -12 width3 15 width4 2 width5 2
"""
