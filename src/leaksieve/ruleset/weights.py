"""What the properties of a candidate weigh (see ``features``); written by training/train.py, not by hand.

Trained on the development split of CredData (labels: Apache-2.0; the files labelled: MIT, Apache-2.0, BSD and ISC),
labels' SHA-256 5ac82226d4086e342791b846774b028e6827b8b72e04ace83ce9d64cb37b2bcc, on 2026-11-21.
Properties are shapes, ordinary words and syntax seen in 3 repositories or more; no value is kept.
"""

from __future__ import annotations

# Units of the weights in one unit of log-odds.
SCALE = 32
START = -24
# From which sum a candidate is of low, medium and high confidence.
CUTS = (-19, 0, 64)
WEIGHTS = r"""
bend:md -5 bend:yml -3 by:-e 2 by:assert -1 by:const 3 by:export 2 by:return 3 by:var 1 cls:l 3 cls:ld 10 cls:ldm -14 cls:lm -1 cls:lu -5 cls:lud 5
cls:ludm 8 cls:lum -4 cls:ud 8 cls:udm -4 cls:um -6 comment 1 count2 10 count3 -2 count4 -8 dotted -14 ext:data 5 ext:program -7 ext:shell -1
ext:text -3 iend:md 1 in:config 2 in:docs 1 in:none -12 in:public -9 in:sample 9 in:template -3 in:test 4 in:vendor 4 joined 2 kb640 3 kb641 7 kb642 9
kb643 5 kb644 5 kbare1 6 kbare10 -6 kbare2 5 kbare3 5 kbare8 -6 kbare9 -4 kbext:text 5 kbext:yaml -8 kcls:l -2 kcls:ld 9 kcls:ldm -14 kcls:lu -6
kcls:lud 2 kcls:ludm 1 kcls:u 5 kcls:ud 8 kcls:udm -4 kdig1 -9 kdig2 3 kdig3 3 kdig4 8 kdig5 -3 kdis0 -2 kdis1 8 kdis2 4 kdis3 1 kdis4 7 kdis5 -9
kdis6 3 kdis7 -12 kecho -14 kent0 -6 kent10 4 kent11 11 kent2 -4 kent3 -10 kent4 -6 kent5 -7 kent6 -2 kent7 3 kent8 6 kent9 11 key 1 kfirst:9 5
kfirst:A 4 kfirst:\\ 1 kfirst:a -2 khas+ 6 khas- -7 khas. -10 khas/ -1 khas: -5 khas= 3 khas@ 4 khas\\ 1 khas_ 5 khex1 9 khex4 1 khex8 3 khex9 1
kiext:program -6 kiext:text 2 kin:docs 4 kin:none -6 kin:public -10 kin:sample 12 kin:template -1 kin:test 3 kin:vendor 1 klast:9 -2 klast:= 3
klast:A 7 klast:a 1 klen10 4 klen11 6 klen12 9 klen13 12 klen2 -8 klen3 -3 klen4 -2 klen5 4 klen6 -11 klen7 -7 klen9 -1 klet0 -2 klet1 12 klet2 -3
klet3 -4 klet4 1 klet5 -4 kmk0 -2 kmk1 7 kmk2 -15 kmk3 -2 knext:" 8 knext:' -5 knext:)q -15 knext:,q 7 knext:;q -3 knext:]q -1 knext:aq -1 knext:end 4
knext:endq -1 knext:}q 3 kop:(q 3 kop:,nq 1 kop:: -2 kop::nq -8 kop::q 15 kop:= 5 kop:=>nq -1 kop:=q 7 kparts0 1 kparts1 -21 kparts2 -15 kparts3 1
kparts4 8 kparts5 5 kparts6 9 kparts7 13 kq:' -10 kq:` 1 kq:bare 2 kq:inside 5 kqext:data -1 kqext:program -4 kqext:text -2 kqext:yaml 1 kread0 12
kread1 9 kread10 -23 kread2 7 kread3 12 kread4 9 kread5 6 kread6 1 kread7 -4 kread8 -10 kread9 -12 krun -10 ksh:9A9A9+ 3 ksh:9a9a9+ 6 ksh:A 5
ksh:A9A9A+ 8 ksh:A9AaA+ 1 ksh:Aa -4 ksh:a -2 ksh:a9 -11 ksh:a9a9 3 ksh:a9a9a+ 4 ksh:a9a9a9 4 ksh:a9aAa+ 1 ksh:aA9aA+ 3 ksh:aAaAa+ -1 kspaced 2
ksteps -15 kwords0 46 kwords1 4 kwords2 4 kwords3 -15 kwords4 -10 kwords5 -7 kwords6 -19 last:base 1 last:key -4 last:nonce 7 last:pass 1
last:password 11 last:pwd -2 last:secret 5 last:token 9 last:value -5 left:" 2 left:# -1 left:$ 1 left:& 7 left:' -8 left:( -5 left:) -2 left:, 5
left:/ 2 left:: -19 left:; -1 left:= -3 left:> 2 left:? 1 left:a 1 left:start 14 left:{ 7 n:access -4 n:api 5 n:app -3 n:auth 13 n:base 1 n:client 8
n:config -3 n:consumer 8 n:current -1 n:database 3 n:db -3 n:key -7 n:mysql 3 n:new -2 n:nonce 7 n:oauth 11 n:old -1 n:pass 1 n:postgres 1 n:pwd -2
n:refresh -1 n:reset -2 n:sa 1 n:secret 7 n:set 4 n:token 8 n:user -4 n:value -5 numbered 4 op:( -12 op:, -17 op:: 17 op:= 15 op:=> -2
pair:access_token -1 pair:api_key 4 pair:client_secret 7 pair:consumer_key 6 pair:consumer_secret 2 pair:current_password -1 pair:database_password 3
pair:key_base 1 pair:mysql_password 3 pair:new_password -2 pair:postgres_password 1 pair:refresh_token -1 pair:sa_password 1 pair:secret_key 2
pair:user_password -3 pass -1 pb640 -2 pb641 -1 pbare0 3 pbare1 9 pbare10 -26 pbare2 7 pbare3 5 pbare4 8 pbare5 3 pbare6 -2 pbare8 -11 pbare9 -10
pbext:config 2 pbext:text -8 pbext:yaml 4 pcls:l 5 pcls:ld 1 pcls:lm -7 pcls:lu 1 pcls:lud 2 pcls:ludm 7 pcls:lum -2 pcls:um -6 pdig0 -13 pdig1 2
pdig2 -1 pdig3 6 pdig4 6 pdig5 -5 pdis3 -4 pdis4 -3 pdis5 5 pdis6 3 pdis7 -2 pecho -16 pent1 -3 pent10 -1 pent2 -9 pent3 7 pent4 -3 pent5 1 pent6 7
pent7 6 pent8 -1 pent9 -6 pfirst:9 -7 pfirst:A 6 pfirst:a 3 phas! 8 phas* -5 phas- 7 phas. -7 phas/ -2 phas: -9 phas@ 1 phas_ -6 piext:program -1
piext:text -1 pin:config 2 pin:docs -3 pin:none -6 pin:public 2 pin:sample -3 pin:template -2 pin:test 1 plast:! 6 plast:9 7 plast:A -4 plast:a -5
plen0 -7 plen1 -12 plen10 -9 plen11 -4 plen12 3 plen2 1 plen3 6 plen4 -1 plen5 11 plen6 10 plen7 7 plen8 -7 plen9 1 plet1 -3 plet2 -1 plet3 -5 plet4 -1
plet5 1 pmk0 2 pmk1 5 pmk2 -7 pnext:" -2 pnext:) -5 pnext:)q -8 pnext:,q 4 pnext:/q -3 pnext:\\q -1 pnext:a -2 pnext:end 5 pnext:endq 11 pnext:}q 6
pop:(q -15 pop:: 2 pop::nq 2 pop::q 8 pop:= -1 pop:=q 4 pparts0 4 pparts1 -8 pparts2 7 pparts3 3 pparts4 8 pparts5 -4 pparts6 -8 pparts7 -4 pq:" 1
pq:' 2 pq:` -1 pq:bare -3 pq:inside -2 pqext:data -2 pqext:program 3 pqext:shell 1 pqext:text 1 pqext:yaml 2 pread0 16 pread1 14 pread10 -31 pread2 9
pread3 10 pread4 8 pread5 3 pread7 3 pread8 -17 pread9 -15 prun 5 psh:Aa 4 psh:AaAaA+ 2 psh:a 5 psh:a9 -6 psh:a9a 3 psh:a_a -6 pspaced 7 psteps -13
pwords0 51 pwords2 3 pwords4 -9 pwords5 -10 pwords6 -48 q:" 1 q:' -8 q:` 1 q:bare -1 q:inside 3 qend:js 11 qend:json -5 qend:md 4 qend:py 3 qend:rb -14
qend:sh 1 qend:ts 7 qend:yml 2 query 3 read0/0 3 read0/1 15 read0/2 8 read0/3 4 read0/4 -1 read1/1 7 read1/2 2 read1/3 9 read1/4 5 read10/0 -1
read10/1 -22 read10/2 -9 read10/3 -13 read10/4 -9 read2/0 -3 read2/1 5 read2/2 5 read2/3 3 read2/4 8 read3/0 1 read3/1 3 read3/2 4 read3/3 7 read3/4 8
read4/0 3 read4/1 2 read4/2 3 read4/3 2 read4/4 7 read5/1 9 read5/2 3 read6/0 -3 read6/1 4 read7/1 -1 read8/1 -12 read8/2 -7 read8/3 -7 read9/0 -2
read9/1 -8 read9/2 -11 read9/3 -2 read9/4 -5 style:camel -9 style:lower 10 style:title -7 style:upper 5 uuid 5 w:admin -11 w:api -4 w:auth -1 w:key -5
w:new -3 w:pass -8 w:password -15 w:secret -3 w:some -5 w:string -3 w:test -10 w:token -5 w:value -2 width0 -4 width1 -4 width2 -12 width3 16 width4 1
width5 3
"""
