"""What the properties of a candidate weigh (see ``features``); written by training/train.py, not by hand.

Trained on the development split of CredData (labels: Apache-2.0; the files labelled: MIT, Apache-2.0, BSD and ISC),
labels' SHA-256 5ac82226d4086e342791b846774b028e6827b8b72e04ace83ce9d64cb37b2bcc, on 2026-11-21.
Properties are shapes, ordinary words and syntax seen in 3 repositories or more; no value is kept.
"""

from __future__ import annotations

# Units of the weights in one unit of log-odds.
SCALE = 32
START = -23
# From which sum a candidate is of low, medium and high confidence.
CUTS = (-19, 0, 64)
WEIGHTS = r"""
bend:md -5 bend:yml -3 by:-e 2 by:assert -1 by:const 3 by:export 3 by:return 3 by:var 1 cls:l 5 cls:ld 11 cls:ldm -13 cls:lu -13 cls:lud 5 cls:ludm 9
cls:lum -3 cls:u 1 cls:ud 8 cls:udm -4 cls:um -5 comment 1 count2 9 count3 -1 count4 -8 dotted -13 ext:data 7 ext:program -6 ext:text -2 ext:yaml -1
iend:md 1 in:config 2 in:docs 2 in:none -12 in:public -8 in:sample 7 in:template -4 in:test 5 in:vendor 4 joined 2 kb640 2 kb641 8 kb642 8 kb643 4
kb644 6 kbare1 6 kbare10 -8 kbare2 6 kbare3 6 kbare8 -6 kbare9 -7 kbext:text 5 kbext:yaml -8 kcls:ld 10 kcls:ldm -13 kcls:lu -15 kcls:lud 3 kcls:ludm 1
kcls:u 6 kcls:ud 8 kcls:udm -4 kdig0 -3 kdig1 -7 kdig2 2 kdig3 4 kdig4 9 kdig5 -2 kdis0 -2 kdis1 8 kdis2 4 kdis3 2 kdis4 5 kdis5 -9 kdis6 2 kdis7 -11
kecho -15 kent0 -6 kent10 3 kent11 11 kent2 -3 kent3 -9 kent4 -5 kent5 -5 kent6 -4 kent7 1 kent8 6 kent9 12 kfirst:9 5 kfirst:A 5 kfirst:\\ 1
kfirst:a -4 khas+ 6 khas- -5 khas. -9 khas/ -1 khas: -4 khas= 3 khas@ 4 khas\\ 1 khas_ 4 khex1 9 khex4 1 khex8 3 khex9 1 kiext:program -6 kiext:text 2
kin:config 1 kin:docs 5 kin:none -6 kin:public -10 kin:sample 8 kin:template -2 kin:test 4 kin:vendor 1 klast:9 -2 klast:= 3 klast:A 8 klen10 3
klen11 6 klen12 9 klen13 12 klen2 -8 klen3 -3 klen4 -2 klen5 5 klen6 -11 klen7 -7 klen9 -1 klet0 -2 klet1 12 klet2 -2 klet3 -2 klet4 3 klet5 -9 kmk0 -1
kmk1 8 kmk2 -15 kmk3 -2 knext:" 9 knext:' -5 knext:)q -15 knext:,q 6 knext:;q -3 knext:]q -1 knext:aq -2 knext:end 4 knext:endq -2 knext:}q 4 kop:(q 3
kop:,nq 2 kop:: -2 kop::nq -7 kop::q 15 kop:= 5 kop:=>nq -1 kop:=q 6 kparts0 4 kparts1 -18 kparts2 -18 kparts4 5 kparts5 5 kparts6 10 kparts7 13
kq:" -2 kq:' -12 kq:` 2 kq:bare 2 kq:inside 6 kqext:config -2 kqext:program -3 kqext:text -1 kread0 12 kread1 9 kread10 -24 kread2 8 kread3 13 kread4 8
kread5 6 kread6 2 kread7 -4 kread8 -11 kread9 -14 krun -10 ksh:9A9A9+ 3 ksh:9a9a9+ 6 ksh:A 6 ksh:A9A9A+ 8 ksh:A9AaA+ 1 ksh:Aa -2 ksh:AaAa -1
ksh:AaAaAa -2 ksh:a9 -11 ksh:a9a9 3 ksh:a9a9a+ 5 ksh:a9a9a9 4 ksh:a9aAa+ 1 ksh:aA9aA+ 2 ksh:aAa -3 ksh:aAaAa -5 ksh:aAaAa+ -3 kspaced 3 ksteps -15
kwords0 48 kwords1 4 kwords2 4 kwords3 -12 kwords4 -12 kwords5 -6 kwords6 -24 last:base 1 last:key -5 last:keys -12 last:nonce 7 last:pair -2
last:pass 1 last:password 10 last:pwd -2 last:secret 5 last:token 9 last:value -5 left:" 2 left:# -1 left:$ 1 left:& 7 left:' -8 left:( -5 left:) -2
left:, 5 left:/ 2 left:: -19 left:; -1 left:= -4 left:> 3 left:? 2 left:start 14 left:{ 6 n:access -3 n:api 5 n:app -3 n:auth 13 n:base 1 n:client 7
n:config -3 n:consumer 8 n:current -1 n:database 3 n:db -3 n:generate 1 n:key -8 n:keys -12 n:mysql 3 n:new -2 n:nonce 7 n:oauth 12 n:old -1 n:pair -2
n:pass 1 n:postgres 1 n:pwd -2 n:refresh -1 n:reset -2 n:sa 1 n:secret 7 n:secrets -1 n:service 2 n:set 3 n:token 8 n:user -4 n:value -5 numbered 4
op:( -10 op:, -17 op:: 17 op:= 14 op:=> -2 pair:api_key 5 pair:client_secret 6 pair:consumer_key 6 pair:consumer_secret 2 pair:current_password -1
pair:database_password 3 pair:key_base 1 pair:key_pair -2 pair:mysql_password 3 pair:new_password -2 pair:postgres_password 1 pair:refresh_token -1
pair:sa_password 1 pair:secret_key 2 pair:user_password -3 pass -1 pb640 -2 pb641 -1 pbare0 3 pbare1 9 pbare10 -26 pbare2 7 pbare3 5 pbare4 8 pbare5 2
pbare6 -2 pbare8 -11 pbare9 -10 pbext:config 2 pbext:text -8 pbext:yaml 3 pcls:l 5 pcls:ld 1 pcls:ldm -1 pcls:lm -7 pcls:lu 2 pcls:lud 2 pcls:ludm 7
pcls:lum -2 pcls:um -5 pdig0 -13 pdig1 2 pdig2 -1 pdig3 6 pdig4 5 pdig5 -5 pdis3 -4 pdis4 -2 pdis5 5 pdis6 3 pdis7 -2 pecho -16 pent1 -3 pent10 -2
pent2 -10 pent3 7 pent4 -3 pent5 1 pent6 7 pent7 6 pent8 -1 pent9 -6 pfirst:9 -7 pfirst:A 6 pfirst:a 3 phas! 8 phas* -5 phas- 7 phas. -7 phas/ -2
phas: -9 phas@ 2 phas_ -6 piext:program -1 piext:text -1 pin:config 2 pin:docs -3 pin:none -6 pin:public 1 pin:sample -2 pin:template -2 pin:test 1
plast:! 6 plast:9 6 plast:A -4 plast:a -5 plen0 -7 plen1 -12 plen10 -8 plen11 -4 plen12 3 plen2 1 plen3 6 plen4 -1 plen5 11 plen6 10 plen7 7 plen8 -7
plen9 1 plet1 -4 plet2 -1 plet3 -6 plet4 -1 plet5 2 pmk0 2 pmk1 5 pmk2 -7 pnext:" -2 pnext:) -5 pnext:)q -7 pnext:,q 4 pnext:/q -3 pnext:\\q -1
pnext:a -2 pnext:end 5 pnext:endq 10 pnext:}q 6 pop:(q -14 pop:: 2 pop::nq 1 pop::q 8 pop:= -1 pop:=q 4 pparts0 3 pparts1 -7 pparts2 7 pparts3 3
pparts4 8 pparts5 -4 pparts6 -9 pparts7 -3 pq:" 1 pq:' 3 pq:` -1 pq:bare -3 pq:inside -2 pqext:data -2 pqext:program 4 pqext:shell 1 pqext:text 1
pqext:yaml 2 pread0 16 pread1 14 pread10 -31 pread2 9 pread3 11 pread4 9 pread5 3 pread7 3 pread8 -17 pread9 -15 prun 5 psh:Aa 4 psh:AaAaA+ 2 psh:a 5
psh:a9 -6 psh:a9a 3 psh:a_a -6 pspaced 7 psteps -13 pwords0 51 pwords2 3 pwords4 -9 pwords5 -9 pwords6 -48 q:" -1 q:' -9 q:` 1 q:bare -1 q:inside 4
qend:cs 1 qend:js 11 qend:json -5 qend:md 4 qend:py 3 qend:rb -14 qend:sh 1 qend:ts 8 qend:yml 1 query 4 read0/0 3 read0/1 15 read0/2 8 read0/3 4
read0/4 -1 read1/1 7 read1/2 3 read1/3 8 read1/4 5 read10/0 -1 read10/1 -21 read10/2 -9 read10/3 -13 read10/4 -11 read2/0 -3 read2/1 5 read2/2 5
read2/3 2 read2/4 8 read3/0 1 read3/1 3 read3/2 4 read3/3 7 read3/4 8 read4/0 3 read4/1 2 read4/2 3 read4/3 3 read4/4 7 read5/1 9 read5/2 3 read6/0 -3
read6/1 4 read7/1 -1 read8/1 -13 read8/2 -7 read8/3 -6 read8/4 -2 read9/0 -2 read9/1 -8 read9/2 -10 read9/3 -3 read9/4 -5 style:camel -7 style:lower 8
style:title -8 style:upper 6 uuid 5 w:access -2 w:admin -11 w:api -4 w:auth -2 w:client 3 w:key -6 w:name -1 w:new -3 w:pass -9 w:password -16
w:refresh -1 w:secret -3 w:secrets -2 w:service -1 w:some -5 w:string -3 w:test -11 w:token -6 w:user -2 w:value -3 width0 -3 width1 -5 width2 -14
width3 15 width4 2 width5 3
"""
