"""AWS on this machine: moto in a process of its own, with users and roles, checking signatures as AWS does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager

_SERVER = """
import json, sys
import boto3
from moto import settings
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
url = f"http://{host}:{port}"
made = dict(endpoint_url=url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
iam = boto3.client("iam", **made)
iam.create_user(UserName="alice")
key = iam.create_access_key(UserName="alice")["AccessKey"]
role = iam.create_role(RoleName="deploy", AssumeRolePolicyDocument="{}")["Role"]
session = boto3.client("sts", **made).assume_role(RoleArn=role["Arn"], RoleSessionName="ci")["Credentials"]
# From here on every request is authenticated.
settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
print(json.dumps({"url": url, "user": [key["AccessKeyId"], key["SecretAccessKey"]],
    "role": [session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]]}), flush=True)
sys.stdin.read()
"""


@contextmanager
def aws():
    """Yields ``url``, and the credentials of a ``user`` and a ``role``."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {"MOTO_CALL_RESET_API": "false", "AWS_EC2_METADATA_DISABLED": "true"}
    process = subprocess.Popen([sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait()
