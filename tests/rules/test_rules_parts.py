"""Credentials that providers hand out in several parts are told as one finding with all of them."""

import pytest
from rulebook import BOTH, engine

from leaksieve.ruleset.template import expand

# Name, lines, then secret rules with the parts each must have.
WHOLE = [
    ("AZURE_TENANT_ID=<uuid>\nAZURE_CLIENT_ID=<uuid>\nAZURE_CLIENT_SECRET=<alnum:3>8Q~<base64url:34>", {"azure-entra-client-secret": "tenant_id client_id"}),
    ("TWILIO_ACCOUNT_SID=AC<hex:32>\nTWILIO_AUTH_TOKEN=<hex:32>", {"twilio-auth-token": "account_sid"}),
    ("TWILIO_API_KEY=SK<hex:32>\nTWILIO_API_SECRET=<alnum:32>", {"twilio-api-secret": "api_key_sid"}),
    ("DD_API_KEY: <hex:32>\nDD_APP_KEY: <hex:40>", {"datadog-api-key": "app_key"}),
    ("ALGOLIA_APP_ID=<uppernum:10>\nALGOLIA_ADMIN_KEY=<hex:32>", {"algolia-admin-api-key": "app_id"}),
    ("PLAID_CLIENT_ID=<hex:24>\nPLAID_SECRET=<hex:30>", {"plaid-secret": "client_id"}),
    ("PAYPAL_CLIENT_ID=A<base64url:79>\nPAYPAL_CLIENT_SECRET=E<base64url:79>", {"paypal-client-secret": "client_id"}),
    ("SPOTIFY_CLIENT_ID=<hex:32>\nSPOTIFY_CLIENT_SECRET=<hex:32>", {"spotify-client-secret": "client_id"}),
    (
        '"client_id":"<int:12>-<lowernum:32>.apps.googleusercontent.com",\n"project_id":"shop-eu",\n"client_secret":"GOCSPX-<base64url:28>"',
        {"google-oauth-client-secret": "client_id project_id"},
    ),
    ("VAULT_ROLE_ID=<uuid>\nVAULT_SECRET_ID=<uuid>", {"vault-approle-secret-id": "role_id"}),
    ("TWITTER_CONSUMER_KEY=<alnum:25>\nTWITTER_CONSUMER_SECRET=<alnum:50>", {"twitter-secret": "consumer_key"}),
    ("ZOOM_ACCOUNT_ID=<base64url:22>\nZOOM_CLIENT_ID=<alnum:22>\nZOOM_CLIENT_SECRET=<alnum:32>", {"zoom-client-secret": "account_id client_id"}),
    ("MJ_APIKEY_PUBLIC=<hex:32>\nMJ_APIKEY_PRIVATE=<hex:32>", {"mailjet-api-key": "api_key"}),
    ("AUTH0_DOMAIN=t.eu.auth0.com\nAUTH0_CLIENT_ID=<alnum:32>\nAUTH0_CLIENT_SECRET=<base64url:64>", {"auth0-client-secret": "domain client_id"}),
    ("SALESFORCE_CONSUMER_KEY=3MVG9<alnum:80>\nSALESFORCE_CONSUMER_SECRET=<HEX:64>", {"salesforce-consumer-secret": "consumer_key"}),
    ("PUSHER_APP_ID=734511\nPUSHER_APP_KEY=<hex:20>\nPUSHER_APP_SECRET=<hex:20>\nPUSHER_CLUSTER=eu", {"pusher-secret": "app_id app_key cluster"}),
    ("CLOUDINARY_CLOUD_NAME=demo7\nCLOUDINARY_API_KEY=<int:15>\nCLOUDINARY_API_SECRET=<base64url:27>", {"cloudinary-api-secret": "cloud_name api_key"}),
    ("BT_MERCHANT_ID=<lowernum:16>\nBT_PUBLIC_KEY=<lowernum:16>\nBT_PRIVATE_KEY=<hex:32>", {"braintree-private-key": "merchant_id public_key"}),
    ("ALIYUN_ACCESS_KEY_ID=LTAI<alnum:20>\nALIYUN_ACCESS_KEY_SECRET=<alnum:30>", {"alibaba-access-key-secret": "key_id"}),
    ("RAZORPAY_KEY_ID=rzp_live_<alnum:14>\nRAZORPAY_KEY_SECRET=<alnum:24>", {"razorpay-key-secret": "key_id"}),
    ("client-id: my-app\nclient-secret: <alnum:40>", {"generic-secret": "client_id"}),
    ("server.auth.username=bob\nserver.auth.password=<alnum:9>!7b", {"generic-password": "user"}),
    ("host: db.corp\nport: 5432\ndatabase: shop\nuser: svc\npassword: <alnum:9>!7b", {"generic-password": "user host port database"}),
]


@pytest.mark.parametrize(("template", "expected"), WHOLE, ids=[next(iter(expected)) for _, expected in WHOLE])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("prefilter", BOTH)
def test_one_finding_with_all_parts(template, expected, backwards, prefilter):
    lines = expand(template).decode().split("\n")
    text = "\n".join(lines[::-1] if backwards else lines) + "\n"
    live = [match for match in engine(prefilter).scan(text.encode(), b"x.env").matches if not match.rejected]
    assert {match.rule_id: " ".join(name for name, _ in match.parts) for match in live} == expected
    assert all(part.reveal().decode() in text for match in live for _, part in match.parts)
