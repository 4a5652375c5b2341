"""First words of names that stand in ordinary text too often to be looked for alone.

A name such as ``line_channel_secret`` is looked for as ``line_channel``, not as ``line``.  The list was
measured: words met more than about twice a megabyte in source trees, and words near them in kind.
"""

from __future__ import annotations

ORDINARY = frozenset(
    """
    ably abuse access account adjust admin agora airship airtable alert alpha amazon amplitude android apim appeal apple application apps asana
    assembly asset attio audio auth author azure backend backup badge baidu basic beacon beam billing binance bird bitly block board bold book
    bool boot border bot bounce box brain branch brave bridge browser bucket buffer build bulk bunny calendar callback canvas capital card cargo
    case cast catalog cell censys chain channel chart chat check checkout circle cisco class clear clerk click client clock close cloud coda
    code coin column command commit common config connect consul consumer contact content control cookie core count courier cover crowd current
    customer daily dash data debug default delta deploy descope desk device dialog digital direct directory discord display docker document
    domain drift drip drive drone dropbox elastic element eleven email encryption enigma entity entry event exchange expo export facebook fast
    field figma file filter finish fire flag flat float flow fly focus folder font forge form format forward frame free fresh front full
    function fusion gateway gear general genie geo github gitlab global google gradle graph group guide hash heap help here hero heroku high
    hmac hook host html http hub hunter icon image import index info infra input insight instance instant int intercom internal ipinfo item
    jenkins jira join journal kafka keep kernel key keycloak kit label lambda language last launch layer lead lemon level library license life
    light line linear link linkedin linode list live load local location lock log login logo look loop machine mail main make manager map mark
    market master match matrix media member memory merge message meta method metric micro mind mini mirror mnemonic mobile mode model module
    mollie money monitor more mux name native near network news next nexus node none note notion number oauth object onesignal open option
    oracle orbit order origin output owner pack package packet paddle page panel paper park part particle partner pass patch path pay percy
    phrase pipe pivot place plaid plan platform play plot point pool port portal post power praw press print prism private process product
    profile project proof proxy public pulse pusher quick radar rapid raw razor reach react read real record reddit redis ref refresh region
    relay release remote render repo report request resource response result ring rollbar root route row rule runner safe salt same sample
    sandbox sanity save scale scan scope screen search secret section security segment send sense sentry server service session shared shell
    shift ship shop short shortcut side sign signal simple single site size slack slot smart smooth snap social socket sonar sound source space
    spaces spark speed split spot spotify spring square stability stack stage standard star start state statement static status step stock stop
    storage store storm story stream string stripe structure studio style submit sumo super survey switch symbol sync system table target task
    team temp template test text thread time title together token tool torch total trace track trading train transfer travel travis tree trend
    trigger true tunnel twist twitch twitter type unit unity update upload uploadcare uptime user utility value variable vault vector verify
    version video view vimeo virus visual voice wallet watch wave weather weaviate web weblate wif wifi window wire wise word work world wrike
    yahoo zeit zero zone zoom
    """.split()
)
