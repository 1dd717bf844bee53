"""Deploys the built template into an emulated account, points the sandbox at it, runs the flows, deletes the stack.

Two things the emulator leaves out are done here, from what the template says: the routes of an HTTP API, and the API's address
(it is served below a path instead of on a host of its own)."""

import base64
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import boto3

ROOT = Path(__file__).resolve().parents[2]
REGION = "eu-west-1"
STACK = "stallholder-local"
BUCKET = "stallholder-local"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
PATIENCE = 60


def say(text):
    print(f"== {text}", flush=True)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(what, done):
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise SystemExit(f"tests/deploy: {what} took more than {PATIENCE} s")
        time.sleep(0.1)


@contextlib.contextmanager
def running(arguments, environment, log):
    """A process that ends with the block, and its children with it."""
    with open(log, "wb") as output:
        process = subprocess.Popen(
            arguments, env=environment, cwd=log.parent, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    except BaseException:
        sys.stderr.write(f"---- the end of {log.name}\n{log.read_text(errors='replace')[-4000:]}\n")
        raise
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


class Account:
    """The emulated account."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.session = boto3.session.Session("test", "test", region_name=REGION)

    def client(self, service):
        return self.session.client(service, endpoint_url=self.endpoint)

    def physical_id(self, logical_id):
        detail = self.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
        return detail["StackResourceDetail"]["PhysicalResourceId"]

    def put_secret(self, name, value):
        self.client("secretsmanager").put_secret_value(SecretId=name, SecretString=json.dumps(value))

    def invoke(self, logical_id):
        answer = self.client("lambda").invoke(FunctionName=self.physical_id(logical_id), Payload=b"{}")
        return json.loads(answer["Payload"].read())

    def create_routes(self):
        """What CloudFormation does with the OpenAPI document that SAM makes of the template's events."""
        template = self.client("cloudformation").get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"]
        template = json.loads(template) if isinstance(template, str) else template
        gateway, api = self.client("apigatewayv2"), self.physical_id("Api")
        count = 0
        for path, methods in template["Resources"]["Api"]["Properties"]["Body"]["paths"].items():
            for method, operation in methods.items():
                uri = json.dumps(operation["x-amazon-apigateway-integration"]["uri"])
                function = self.physical_id(re.search(r"\$\{(\w+)\.Arn\}", uri)[1])
                arn = self.client("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]
                integration = gateway.create_integration(
                    ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
                )
                method = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                target = f"integrations/{integration['IntegrationId']}"
                gateway.create_route(ApiId=api, RouteKey=f"{method} {path}", Target=target)
                count += 1
        return count

    def logs(self):
        """Every line of every log group, by the group's name."""
        client = self.client("logs")
        groups = (group["logGroupName"] for group in client.describe_log_groups()["logGroups"])
        pages = client.get_paginator("filter_log_events").paginate
        return {
            group: [event["message"] for page in pages(logGroupName=group) for event in page["events"]] for group in groups
        }


def lines_of(logs):
    return [line for lines in logs.values() for line in lines]


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def run(arguments, environment):
    """Runs a command to its end, or ends it and all its children if this one is ended."""
    process = subprocess.Popen(arguments, cwd=ROOT, env={**os.environ, **environment}, start_new_session=True)
    try:
        return process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)


def sam(program, endpoint, *arguments):
    status = run([program, *arguments], {**CREDENTIALS, "AWS_ENDPOINT_URL": endpoint})
    if status != 0:
        raise SystemExit(f"tests/deploy: sam {arguments[0]} ended with {status}")


def deploy(program, account, app_port, sandbox_port):
    account.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    secret = account.client("secretsmanager").create_secret(Name="developer-platform", SecretString="{}")
    parameters = {
        "AppPostLoginUrl": f"http://localhost:{app_port}/signed-in",
        "DeveloperPlatformSecretArn": secret["ARN"],
        "DeveloperPlatformHost": f"http://127.0.0.1:{sandbox_port}",
        "AlarmEmail": "operator@example.test",
        "DeletionProtection": "false",
        "EventsToQueue": "true",
        "Architecture": "x86_64",
        "LogLevel": "DEBUG",
    }
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    sam(program, account.endpoint, "deploy", "--config-env", "local", "--parameter-overrides", *overrides)


# What holds wherever it runs: the flows, and the contract of the id map.
FLOWS = ["flows::", "id_map::the_table_keeps_the_contract"]


def describe(account, local, file):
    """The local stack's description, with the deployed stores in the place of its own."""
    description = json.loads(local.read_text())
    description["stores"]["dynamodb_endpoint"] = account.endpoint
    description["stores"]["secrets_manager_endpoint"] = account.endpoint
    description["stores"]["region"] = REGION
    description["service"]["manifest_secret"] = account.physical_id("Manifest")
    invocations = f"{account.endpoint}/2015-03-31/functions"
    for name, function in [("config_refresh", "ConfigRefreshFunction"), ("removals", "RemovalsFunction")]:
        description["service"][name] = {"base_url": f"{invocations}/{account.physical_id(function)}/invocations"}
    description["stores"]["event_bus_endpoint"] = account.endpoint
    description["stores"]["queues"] = {
        "events": account.physical_id("EventsQueue"), "events_dead_letters": account.physical_id("EventsDeadLetters"),
        "push": account.physical_id("PushQueue"), "push_dead_letters": account.physical_id("PushDeadLetters"),
    }
    description["stores"]["tables"] = {
        "accounts": account.physical_id("AccountsTable"), "id_map": account.physical_id("IdMapTable"),
    }
    file.write_text(json.dumps(description))
    return description


def function_of(group):
    """The function whose log group this is: the template's own group, or the one that the emulator makes of a function's name."""
    for function in os.listdir(ROOT / "functions"):
        name = "".join(part.capitalize() for part in function.split("-"))
        if group.endswith(f"/{function}") or f"-{name}Function-" in group:
            return function
    return None


def check_logs(account, description, seen):
    """Nothing secret or personal in any log (threats.md P1): neither what the deployment keeps nor what the flows were given."""
    logs = account.logs()
    for function in sorted(os.listdir(ROOT / "functions")):
        own = [line for group, lines in logs.items() if function_of(group) == function for line in lines]
        if not any('"level":' in line for line in own):
            raise SystemExit(f"tests/deploy: {function} logged nothing, so nothing was shown about its log; groups: {list(logs)}")
    lines = lines_of(logs)
    # The flows broke the platform and forged a removal: that must have been told, with the age of what went on.
    for told in [
        '"UnusableSources":1', '"QuarantinedMarketplaces":1', '"ConfigurationAge":',
        "what it last said goes on being served: developer platform", "set aside: sso.x509_certificate",
        '"DisputedRemovals":1', "says that it is not over: its records are kept", "events published", "messages worked off",
    ]:
        if not any(told in line for line in lines):
            raise SystemExit(f"tests/deploy: no line of any log has {told}")
    sandbox = description["sandbox"]
    application = account.client("secretsmanager").get_secret_value(SecretId=account.physical_id("ApplicationSecret"))
    basic = f"{sandbox['environment_key']}:{sandbox['environment_secret']}"
    state = json.load(urllib.request.urlopen(f"{sandbox['control_url']}/state", timeout=5))
    people = [person for one in state["marketplaces"] for person in one["users"]]
    secrets = {
        "app's key": [description["service"]["app_api_key"]],
        "application secret": [json.loads(application["SecretString"])["key"]],
        "environment's secret": [sandbox["environment_secret"], base64.b64encode(basic.encode()).decode()],
        "marketplace's key": [one["api_key"] for one in description["marketplaces"]],
        "response": ["PHNhbWxw"],
        "cookie or code": seen.read_text().split() if seen.exists() else [],
        "e-mail address": [person["email"] for person in people],
        "name": [person["surname"] for person in people],
    }
    for name, values in secrets.items():
        if not values:
            raise SystemExit(f"tests/deploy: no {name} to look for")
        found = [line for line in lines if any(value in line for value in values)]
        if found:
            raise SystemExit(f"tests/deploy: a {name} stands in {len(found)} lines of the log, such as {found[0][:200]!r}")
    count = sum(map(len, secrets.values()))
    say(f"{len(lines)} lines of log, and none of {count} secrets and names in them")


def main(program, *filters):
    # Ends what was started, as Ctrl-C would.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix="stallholder-deploy-"))
    port, app_port, sandbox_port = free_port(), free_port(), free_port()
    endpoint = f"http://127.0.0.1:{port}"
    # The functions inherit the emulator's variables, so it starts with none but these.
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1", "AWS_ENDPOINT_URL": endpoint, "IOT_MTLS_ENABLED": "0", **CREDENTIALS,
    }
    account = Account(endpoint)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        say("starting the emulated account")
        stack.enter_context(running([sys.executable, "-m", "ministack"], environment, folder / "ministack.log"))
        until("the emulator", lambda: answers(endpoint))

        say("sam deploy")
        deploy(program, account, app_port, sandbox_port)
        say(f"{account.create_routes()} routes")

        service_url = f"http://localhost:{port}/_aws/execute-api/{account.physical_id('Api')}/$default"
        local = folder / "local.json"
        arguments = [
            ROOT / "target/debug/local", "--service-url", service_url, "--app-port", str(app_port),
            "--sandbox-port", str(sandbox_port), "--describe", str(local),
        ]
        stack.enter_context(running(arguments, dict(os.environ), folder / "local.log"))
        until("the sandbox", local.exists)
        description = describe(account, local, folder / "target.json")
        sandbox = description["sandbox"]
        credentials = {"key": sandbox["environment_key"], "secret": sandbox["environment_secret"]}
        account.put_secret("developer-platform", credentials)
        account.put_secret(account.physical_id("AppApiKey"), {"key": description["service"]["app_api_key"]})
        # As the local stack has it.
        marketplace = {"local": True, "openid": True}
        manifest = {"marketplaces": {"acme-hub": marketplace, "northbank": marketplace}}
        account.put_secret(account.physical_id("Manifest"), manifest)
        # The schedule would do it within a minute.
        report = account.invoke("ConfigRefreshFunction")
        if sorted(report["marketplaces"]) != ["acme-hub", "northbank"] or report["quarantined"]:
            raise SystemExit(f"tests/deploy: the configuration is not as it should be: {report}")

        say("the flows, against the deployed stack")
        seen = folder / "seen"
        variables = {
            "STALLHOLDER_TARGET": str(folder / "target.json"), "STALLHOLDER_SEEN": str(seen), "NEXTEST_TEST_THREADS": "1",
        }
        status = run(["tests/run", *(filters or FLOWS)], variables)
        if status != 0:
            end = "\n".join(lines_of(account.logs())[-40:])
            sys.stderr.write(f"---- the end of the functions' logs\n{end}\n")
            raise SystemExit(status)
        check_logs(account, description, seen)

        say("sam delete")
        sam(program, endpoint, "delete", "--stack-name", STACK, "--no-prompts", "--region", REGION)
        if account.client("dynamodb").list_tables()["TableNames"]:
            raise SystemExit("tests/deploy: tables are left after sam delete")


if __name__ == "__main__":
    main(*sys.argv[1:])
