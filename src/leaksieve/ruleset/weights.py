"""What the properties of a candidate weigh (see ``features``); written by training/train.py, not by hand.

Trained on the development split of CredData (labels: Apache-2.0; the files labelled: MIT, Apache-2.0, BSD and ISC),
labels' SHA-256 5ac82226d4086e342791b846774b028e6827b8b72e04ace83ce9d64cb37b2bcc, on 2026-11-21.
Properties are shapes, ordinary words and syntax seen in 3 repositories or more; no value is kept.
"""

from __future__ import annotations

# Units of the weights in one unit of log-odds.
SCALE = 32
START = -54
# From which sum a candidate is of low, medium and high confidence.
CUTS = (0, 26, 83)
WEIGHTS = r"""
bend: -1 bend:json -2 bend:md -4 bend:yml -2 by:-e 2 by:assert 1 by:const 5 by:export 2 by:public -3 by:return 3 cls:l 3 cls:ld 17 cls:lm -8 cls:lu -11
cls:lud 17 cls:ludm 5 cls:lum -9 cls:o -8 cls:u 8 cls:ud 10 cls:udm -5 cls:um -4 count1 11 count2 5 count3 -4 count4 -13 dotted -9 ext:config 3
ext:data -6 ext:other 3 ext:plain 2 ext:program -5 ext:shell 1 ext:text -1 ext:yaml 2 in:config 5 in:docs 6 in:none -10 in:public -26 in:sample 10
in:template -3 in:test 12 in:vendor 3 kb640 4 kb641 10 kb642 3 kb643 1 kb644 8 kbare0 5 kbare1 13 kbare10 -26 kbare2 13 kbare3 11 kbare5 -4 kbare6 -4
kbare7 -5 kbare8 -11 kbare9 -12 kbext:data 5 kbext:text 1 kbext:yaml -6 kcls:l -3 kcls:ld 15 kcls:lm -4 kcls:lu -8 kcls:lud 14 kcls:ludm -5
kcls:lum -11 kcls:u 8 kcls:ud 10 kcls:udm -5 kcls:um -3 kdig0 -28 kdig1 -9 kdig2 6 kdig3 12 kdig4 14 kdig5 2 kdis0 -3 kdis1 9 kdis2 12 kdis3 2 kdis4 -6
kdis5 2 kdis6 -9 kdis7 -10 kecho -19 kent1 -4 kent10 1 kent11 10 kent2 -12 kent3 -15 kent4 -2 kent5 -5 kent6 -5 kent7 7 kent8 11 kent9 18 key -2
kfirst:+ -1 kfirst:/ -3 kfirst:A 10 kfirst:\\ 1 khas# -4 khas$ 2 khas%25 2 khas& 1 khas( -2 khas) -2 khas+ 4 khas- -14 khas. -13 khas/ 2 khas= 7 khas@ 6
khas\\ 1 khas_ -18 khex1 14 khex2 -5 khex4 5 khex8 3 khex9 2 kin:config -2 kin:docs 2 kin:none -8 kin:public -11 kin:sample 7 kin:template -1 kin:test 6
kin:vendor 1 klast:- -1 klast:9 -2 klast:= 3 klast:A 10 klast:a 5 klen10 -2 klen11 7 klen12 13 klen13 15 klen2 -16 klen3 -15 klen4 1 klen5 -1 klen6 -4
klen7 -2 klen8 1 klen9 1 klet0 -1 klet1 8 klet2 1 klet3 -3 klet4 -4 klet5 -3 kmk0 -11 kmk1 4 kmk2 -18 kmk3 -1 kmk4 -3 knext:" 4 knext:)q 2 knext:, -4
knext:,q -10 knext:.q 8 knext:/q -3 knext:;q -2 knext:>q -2 knext:]q -3 knext:`q 3 knext:aq -5 knext:end 4 knext:endq 5 knext:}q 2 kop:(q -3 kop:,nq -4
kop:: -5 kop::nq 3 kop::q -1 kop:= 11 kop:=q -6 kparts0 1 kparts1 -18 kparts2 -19 kparts3 -6 kparts4 7 kparts5 7 kparts6 21 kparts7 6 kq:' -11 kq:` 2
kq:bare 5 kqext:config -1 kqext:program -5 kqext:text -4 kqext:yaml 2 kread0 13 kread1 17 kread10 -28 kread2 21 kread3 22 kread4 4 kread6 1 kread7 -6
kread8 -14 kread9 -17 krun -7 ksh:9A9A9+ 6 ksh:9a9a9+ 7 ksh:A 8 ksh:A-A -1 ksh:A9A9A+ 9 ksh:A9aAa+ -2 ksh:A_A_A -1 ksh:Aa -5 ksh:Aa-Aa -1 ksh:Aa-Aa+ -3
ksh:AaAa -3 ksh:AaAa9+ 3 ksh:AaAaA+ 7 ksh:AaAaAa -2 ksh:a -3 ksh:a-a -1 ksh:a-a-a -1 ksh:a-a-a+ 1 ksh:a9 -9 ksh:a9a9 4 ksh:a9a9a+ 5 ksh:a9a9a9 4
ksh:a9aAa+ -4 ksh:a:a 6 ksh:aAa -2 ksh:aAa9A+ -4 ksh:aAaA9+ -5 ksh:aAaAa -1 ksh:aAaAa+ 4 ksh:a_a -1 ksh:a_a_a -1 kspaced 1 ksteps -12 kwords0 41
kwords1 11 kwords2 2 kwords3 -10 kwords4 -9 kwords5 -9 kwords6 -28 last:api -1 last:auth -5 last:author -5 last:authority -3 last:authorization -1
last:base 4 last:key -2 last:keys -9 last:nonce 6 last:pair -1 last:pass 1 last:password 8 last:secret 13 last:token 12 last:user -3 last:value -1
left:" -1 left:# -3 left:$ 4 left:& 7 left:' -8 left:( -1 left:) -3 left:, 4 left:/ -1 left:: -3 left:; -1 left:= -2 left:> 3 left:? -1 left:@ 1
left:A 1 left:[ -3 left:a 3 left:start 3 left:{ 6 n:api 9 n:auth 12 n:author -5 n:authority -3 n:authorization -5 n:base 3 n:change -1 n:client 6
n:config -4 n:consumer 10 n:create 3 n:credential -3 n:credit -1 n:current -3 n:data -3 n:database 3 n:db -3 n:generate 2 n:header -1 n:headers -3
n:key -14 n:keys -9 n:mysql 3 n:new -1 n:nonce 6 n:not -1 n:oauth 17 n:pair -1 n:pass 1 n:password 2 n:postgres 2 n:public -5 n:pwd -1 n:refresh -1
n:reset -1 n:root 1 n:sa 1 n:salt -1 n:secret 19 n:service 3 n:set 5 n:test 6 n:token 11 n:user -4 n:value -1 n:with 3 numbered 8 op:( -12 op:, -5
op:: 15 op:= 16 op:== 4 op:=== 3 op:=> -11 pair:access_key 1 pair:access_token 1 pair:api_key 11 pair:auth_token 9 pair:change_password -1
pair:client_secret 4 pair:consumer_key 8 pair:consumer_secret 2 pair:current_password -3 pair:database_password 3 pair:key_base 4 pair:key_pair -1
pair:mysql_password 2 pair:new_password -1 pair:oauth_token 1 pair:postgres_password 2 pair:root_password 1 pair:sa_password 1 pair:secret_key 3
pair:user_password -1 pass 1 pb640 -1 pb641 -1 pbare0 11 pbare1 9 pbare10 -26 pbare2 8 pbare3 5 pbare4 8 pbare5 2 pbare6 -3 pbare7 -2 pbare8 -8
pbare9 -10 pbext:text -3 pbext:yaml 3 pcls:l 6 pcls:ld 1 pcls:ldm -1 pcls:lm -3 pcls:lu -3 pcls:lud 3 pcls:ludm 9 pcls:lum 2 pcls:o -3 pdig0 -14
pdig1 3 pdig2 2 pdig3 6 pdig4 2 pdis2 -2 pdis3 -4 pdis4 -1 pdis5 3 pdis6 5 pdis7 2 pecho -12 pent10 -1 pent2 4 pent3 7 pent4 -8 pent5 -3 pent6 6
pent7 1 pent8 -2 pent9 -5 pfirst:9 -5 pfirst:A 8 pfirst:a 9 pfirst:o -10 phas%20 -10 phas! 10 phas- 7 phas. -7 phas/ 1 phas: -7 phas@ 3 phas_ -7
pin:config 7 pin:docs 4 pin:none -2 pin:public -15 pin:sample 3 pin:template -2 pin:test 6 plast:! 7 plast:9 8 plast:A 2 plast:a -6 plast:o -8
plen10 -8 plen11 -5 plen12 3 plen2 -3 plen3 2 plen4 1 plen5 6 plen6 5 plen7 8 plen8 -5 plen9 -1 plet0 1 plet1 -2 plet2 -3 plet3 -4 plet4 6 plet5 3
pmk0 -2 pmk1 5 pnext:" -1 pnext:) 4 pnext:)q -7 pnext:,q -8 pnext:/q -3 pnext:;q -1 pnext:\\q -1 pnext:aq 2 pnext:end 5 pnext:endq 14 pnext:}q 5
pop:(q -10 pop:,nq -1 pop:: 4 pop::nq 1 pop::q 14 pop:= 5 pop:=>nq -11 pop:=q 6 pparts0 7 pparts1 -7 pparts2 3 pparts3 4 pparts4 4 pparts5 -2
pparts6 -7 pq:" -1 pq:' -3 pq:` -1 pq:bare -1 pqext:data -8 pqext:shell 2 pqext:text 5 pqext:yaml 2 pread0 18 pread1 15 pread10 -30 pread2 10 pread3 11
pread4 10 pread5 3 pread6 -1 pread7 -1 pread8 -13 pread9 -17 prun 3 psh:Aa -3 psh:AaAaA+ 4 psh:AaAaAa 1 psh:a 6 psh:a-a 2 psh:a9 -5 psh:a_a -7
psh:a_a_a -1 psh:o -3 pspaced 6 psteps -13 pwords0 51 pwords3 2 pwords4 -8 pwords5 -7 pwords6 -40 q:" -1 q:' -14 q:` 1 q:bare 4 q:esc" 4 qend:cs 4
qend:go -4 qend:js 22 qend:json -12 qend:md 3 qend:py 11 qend:rb 2 qend:sh 2 qend:ts 10 qend:yml 2 read0/0 9 read0/1 13 read0/2 10 read0/3 2 read0/4 -3
read1/1 5 read1/2 10 read1/3 4 read1/4 13 read10/1 -20 read10/2 -19 read10/3 -9 read10/4 -11 read2/0 2 read2/1 6 read2/2 9 read2/3 1 read2/4 13
read3/0 2 read3/1 2 read3/2 7 read3/3 7 read3/4 15 read4/0 4 read4/2 3 read4/3 5 read4/4 2 read5/1 -2 read5/2 4 read6/0 -3 read6/1 3 read7/1 -1
read7/2 -5 read7/3 -1 read8/1 -15 read8/2 -6 read8/3 -5 read8/4 -1 read9/1 -14 read9/2 -13 read9/3 -1 read9/4 -5 style:camel -6 style:lower 9
style:title -3 style:upper -1 uuid 8 w:access -5 w:api -1 w:app 6 w:auth -4 w:bar 1 w:baz -2 w:client 1 w:code 5 w:config -1 w:credential -1
w:credentials -1 w:default -1 w:foo -1 w:foobar -2 w:invalid -2 w:key -3 w:name -1 w:new -4 w:oauth -2 w:pass -9 w:password -12 w:private -1
w:public -1 w:refresh -1 w:secret -8 w:secrets -1 w:server -1 w:service -1 w:some -2 w:string -2 w:test -9 w:token -9 w:type 2 w:user -1 w:value -2
width0 -2 width1 -1 width2 -8 width3 12 width4 -5 width5 2
"""
