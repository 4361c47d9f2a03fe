"""
The whole life of a tenant, by a client that shares nothing with the service: Python's standard library alone.
Reads SERVICE_URL, OPERATOR_TOKEN, AWS_URL, ACCOUNT_ID, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; prints each step.
"""
import base64
import datetime
import hashlib
import hmac
import html
import http.cookiejar
import http.server
import json
import os
import queue
import re
import secrets
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

SERVICE, OPERATOR, AWS = (os.environ[name] for name in ("SERVICE_URL", "OPERATOR_TOKEN", "AWS_URL"))
TENANT = "tenant-4711"


def send(opener, method, url, headers, body=None):
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with opener.open(request) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def call(method, path, body=None, key=OPERATOR, tenant=None, expect=200, once=None):
    """One call; a status or problem code that is not the expected one ends the program."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    if once:
        headers["idempotency-key"] = once
    if tenant:
        headers["rolebridge-organization"] = tenant
    data = None if body is None else json.dumps(body).encode()
    status, text = send(urllib.request.build_opener(), method, SERVICE + path, headers, data)
    answer = json.loads(text) if text and "/export" not in path else text
    code = answer.get("code") if isinstance(answer, dict) else None
    assert expect in (status, code), f"{method} {path}: {status} {text}"
    return answer


def of_tenant(method, path, body=None, expect=200, once=None):
    return call(method, path, body, tenant=TENANT, expect=expect, once=once)


def signature(secret, message_id, timestamp, body):
    """https://www.standardwebhooks.com"""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode()


def signed(secret, event):
    body = json.dumps(event).encode()
    message_id, timestamp = f"msg_{secrets.token_hex(12)}", str(int(time.time()))
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }
    return headers, body


def aws(service, version, action, access_key, secret_key, token=None, **parameters):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""
    body = urllib.parse.urlencode({"Action": action, "Version": version, **parameters})
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": urllib.parse.urlsplit(AWS).netloc, "x-amz-date": now}
    if token:
        headers["x-amz-security-token"] = token
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body.encode()).hexdigest()}"
    scope = f"{now[:8]}/us-east-1/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4" + secret_key.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    headers["content-type"] = "application/x-www-form-urlencoded"
    status, answer = send(urllib.request.build_opener(), "POST", AWS + "/", headers, body.encode())
    assert status == 200, f"{action}: {status} {answer}"
    return answer


def element(name, xml):
    return html.unescape(re.search(f"<{name}>(.*?)</{name}>", xml, re.DOTALL)[1])


def done(step):
    print(step, flush=True)


def place(environment, architecture="web"):
    return {"project": "shop", "environment": environment, "architecture": architecture}


def project(name, production, staging):
    def environment(id, name, architectures):
        return {"id": id, "name": name, "architectures": [{"id": one, "name": one} for one in architectures]}

    environments = [environment("production", "本番", production), environment("staging", "Übung", staging)]
    return {"name": name, "environments": environments}


def connect():
    asked = {"name": "Shop's web", "scope": place("production"), "expectedAccountId": os.environ["ACCOUNT_ID"]}
    made = of_tenant("POST", "/v1/connections", asked, expect=201)
    admin = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    policy = json.dumps(made["trustPolicy"])
    role = aws(
        "iam", "2010-05-08", "CreateRole", *admin, RoleName="vendor-access", AssumeRolePolicyDocument=policy
    )
    arn, role_id = element("Arn", role), element("RoleId", role)
    # So that the service can read whom the role trusts.
    itself = {"Effect": "Allow", "Action": "iam:GetRole", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [itself]})
    inline = {"RoleName": "vendor-access", "PolicyName": "self", "PolicyDocument": policy}
    aws("iam", "2010-05-08", "PutRolePolicy", *admin, **inline)
    data = {"connectionId": made["id"], "roleArn": arn, "roleId": role_id}
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    event = {"type": "role.provisioned", "timestamp": now, "data": data}
    callback = f"{SERVICE}/v1/callbacks"
    for attempt in range(20):
        headers, body = signed(made["callbackSecret"], event)
        status, answer = send(urllib.request.build_opener(), "POST", callback, headers, body)
        if status not in (429, 503):
            break
        time.sleep(0.5)
    assert status == 200, f"callback: {status} {answer}"
    headers, _ = signed("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(), event)
    assert send(urllib.request.build_opener(), "POST", callback, headers, body)[0] == 401
    connection = of_tenant("GET", f"/v1/connections/{made['id']}")
    assert connection["status"] == "connected" and connection["assurance"] == "proven", connection
    return connection


def use(key, target, account):
    """The credentials work at AWS, and are of the customer's account."""
    given = call("POST", "/v1/credentials", target, key=key)
    keys = given["accessKeyId"], given["secretAccessKey"], given["sessionToken"]
    answer = aws("sts", "2011-06-15", "GetCallerIdentity", *keys)
    assert element("Account", answer) == account, answer


class Receiver(http.server.BaseHTTPRequestHandler):
    """The vendor's webhook endpoint."""

    received = queue.Queue()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.received.put((self.headers, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def listen():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/hooks"


def receive_webhooks():
    """A test message arrives, signed; its delivery is listed, and replayed it is the same message."""
    made = of_tenant("POST", "/v1/webhook-endpoints", {"url": listen(), "events": ["connection.failed"]}, expect=201)
    path = f"/v1/webhook-endpoints/{made['id']}"

    def receive(message_id):
        headers, body = Receiver.received.get(timeout=20)
        assert headers["webhook-id"] == message_id, headers.items()
        expected = signature(made["secret"], message_id, headers["webhook-timestamp"], body)
        assert expected in headers["webhook-signature"].split(" "), headers.items()
        assert json.loads(body)["type"] == "webhook.test", body
        return body

    def delivered():
        for attempt in range(40):
            (delivery,) = of_tenant("GET", f"{path}/deliveries")["deliveries"]
            if delivery["status"] == "delivered":
                return delivery
            time.sleep(0.25)
        raise AssertionError(delivery)

    sent = of_tenant("POST", f"{path}/test", expect=202)
    body = receive(sent["id"])
    delivery = delivered()
    assert delivery["id"] == sent["id"] and delivery["lastAttempt"]["status"] == 204, delivery
    of_tenant("POST", f"{path}/deliveries/{sent['id']}/replay", expect=202)
    assert receive(sent["id"]) == body
    assert delivered()["id"] == sent["id"]
    missing = f"{path}/deliveries/msg_{'a' * 24}/replay"
    of_tenant("POST", missing, expect="webhook_delivery_not_found")
    return made["secret"]


class Browser:
    """Cookies and forms, without scripts."""

    def __init__(self):
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies)

    def get(self, url):
        return send(self.opener, "GET", url, {})

    def sign_in(self, link):
        _, page = self.get(link)
        fields = {"token": urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)["token"][0]}
        found = re.search('name="csrf" value="([^"]+)"', page)
        if found:
            fields["csrf"] = html.unescape(found[1])
        headers = {"origin": SERVICE, "content-type": "application/x-www-form-urlencoded"}
        return send(self.opener, "POST", f"{SERVICE}/sign-in/link", headers, urllib.parse.urlencode(fields).encode())


def label_and_find(connection):
    """The vendor's own reference, metadata and region; lists filtered by each, also across organizations."""
    path = f"/v1/connections/{connection['id']}"
    labels = {"reference": "aws-1", "metadata": {"team": "checkout"}, "defaultRegion": "eu-central-1"}
    assert of_tenant("PATCH", path, labels).items() >= labels.items()
    wrong = of_tenant("PATCH", path, {"name": "lost", "defaultRegion": "Frankfurt"}, expect="request_invalid")
    assert [fault["at"] for fault in wrong["errors"]] == ["body.defaultRegion"], wrong
    assert of_tenant("GET", path)["name"] == connection["name"]
    filters = ("reference=aws-1", "scope=shop", "scope=shop/staging/web", "assurance=proven", "status=connected")
    for one in filters:
        found = of_tenant("GET", f"/v1/connections?{one}")["connections"]
        assert [each["id"] for each in found] == [connection["id"]], (one, found)
    assert of_tenant("GET", "/v1/connections?scope=shop/production")["connections"] == []
    (found,) = call("GET", "/v1/operator/connections?reference=aws-1")["connections"]
    assert found["organization"]["reference"] == TENANT, found


def create_once():
    """The same key: the same answer; with another body a refusal; the secret not once it was revoked."""
    once, wanted = secrets.token_hex(16), {"name": "once"}
    first = of_tenant("POST", "/v1/api-keys", wanted, expect=201, once=once)
    assert of_tenant("POST", "/v1/api-keys", wanted, expect=201, once=once) == first
    of_tenant("POST", "/v1/api-keys", {"name": "twice"}, expect="idempotency_key_reused", once=once)
    of_tenant("DELETE", f"/v1/api-keys/{first['id']}", expect=204)
    again = of_tenant("POST", "/v1/api-keys", wanted, expect="secret_no_longer_available", once=once)
    assert again["createdId"] == first["id"], again


def replace_lost_key(lost, account):
    """The first key is lost: the operator makes another one, and revokes it."""
    keys = of_tenant("GET", "/v1/api-keys")["apiKeys"]
    (first,) = [key for key in keys if key["name"] == "first key"]
    wanted = {"name": "second key", "permissions": first["permissions"]}
    fresh = of_tenant("POST", "/v1/api-keys", wanted, expect=201)["apiKey"]
    of_tenant("DELETE", f"/v1/api-keys/{first['id']}", expect=204)
    call("GET", "/v1/connections", key=lost, expect="unauthorized")
    call("GET", "/v1/connections", key=fresh, tenant=TENANT, expect="request_invalid")
    use(fresh, place("staging"), account)


def main():
    account = os.environ["ACCOUNT_ID"]
    made = call("POST", "/v1/organizations", {"name": "Größe AG", "reference": TENANT}, expect=201)
    call("POST", "/v1/organizations", {"name": "Other", "reference": TENANT}, expect="reference_taken")
    assert call("GET", f"/v1/organizations/{TENANT}")["id"] == made["id"]
    done("created by reference")

    of_tenant("PUT", "/v1/projects/shop", project("Shop", ["web", "api"], []))
    call("PATCH", f"/v1/organizations/{TENANT}", {"targets": "declared"})
    refused = of_tenant("POST", "/v1/credentials", place("prodution"), expect="target_unknown")
    assert refused["nearest"]["environment"] == "production", refused
    done("targets declared")

    connection = connect()
    done("connected by a signed callback")

    renamed = of_tenant("PUT", "/v1/projects/shop", project("Webshop", ["web", "api"], []))
    assert renamed["project"]["name"] == "Webshop" and renamed["moves"] == [] and renamed["orphans"] == []
    done("project renamed")

    moved = project("Webshop", ["api"], ["web"])
    dry = of_tenant("PUT", "/v1/projects/shop?dryRun=true", moved)
    assert dry["moves"][0]["takesScope"] is True, dry
    assert of_tenant("PUT", "/v1/projects/shop", moved)["moves"] == dry["moves"]
    assert of_tenant("GET", f"/v1/connections/{connection['id']}")["scopes"] == [place("staging")]
    done("architecture moved, its scope too")

    label_and_find(connection)
    done("labelled, found by each filter")

    targets = [place("staging"), place("production", "api"), place("prodution")]
    answer = of_tenant("POST", "/v1/resolve", {"targets": targets})
    found = [one.get("resolution", one.get("problem")) for one in answer["results"]]
    assert found[0]["connectionId"] == connection["id"], answer
    assert [one["code"] for one in found[1:]] == ["no_connection_for_target", "target_unknown"], answer
    assert [one["id"] for one in answer["connections"]] == [connection["id"]], answer
    done("resolved at once")

    limited = {"name": "deploy", "permissions": ["credentials:issue"], "scope": place("staging")}
    key = of_tenant("POST", "/v1/api-keys", limited, expect=201)["apiKey"]
    use(key, place("staging"), account)
    for target in (place("production", "api"), place("production"), {}):
        call("POST", "/v1/credentials", target, key=key, expect="permission_denied")
    call("GET", "/v1/connections", key=key, expect="permission_denied")
    done("limited key")

    create_once()
    done("created once by idempotency key")

    replace_lost_key(made["apiKey"], account)
    done("lost key replaced")

    wanted = {"connectionId": connection["id"], "access": "read", "user": {"name": "Ada Lovelace"}}
    link = of_tenant("POST", "/v1/sign-in-links", wanted, expect=201)
    browser, other = Browser(), Browser()
    page = f"{SERVICE}/connections/{connection['id']}"
    assert browser.sign_in(link["url"])[0] == 200
    status, text = browser.get(page)
    assert status == 200 and account in text, (status, text)
    assert browser.get(f"{page}/setup")[0] == 403
    status, _ = other.sign_in(link["url"])
    assert status >= 400, status
    assert account not in other.get(page)[1]
    done("limited link, one browser")

    webhook_secret = receive_webhooks()
    done("webhook tested, listed, replayed")

    call("POST", f"/v1/organizations/{TENANT}/suspend")
    call("POST", "/v1/credentials", place("staging"), key=key, expect="organization_suspended")
    of_tenant("POST", "/v1/connections", {"name": "more"}, expect="organization_suspended")
    status, text = browser.get(page)
    assert status == 403 and account not in text, (status, text)
    done("suspended")

    call("POST", f"/v1/organizations/{TENANT}/resume")
    use(key, place("staging"), account)
    assert browser.get(page)[0] == 200
    done("resumed")

    lines = [json.loads(one) for one in call("GET", f"/v1/organizations/{TENANT}/export").splitlines()]
    kinds = {one["kind"] for one in lines}
    things = {"organization", "api_key", "sign_in_link", "webhook_endpoint", "project", "connection"}
    assert kinds == things | {"audit_record", "end"}, kinds
    assert lines[-1] == {"kind": "end"}
    text = json.dumps(lines)
    for secret in (key, made["apiKey"], webhook_secret, link["url"].split("token=")[1]):
        assert secret not in text
    done("exported")

    call("DELETE", f"/v1/organizations/{TENANT}", expect=204)
    call("GET", f"/v1/organizations/{TENANT}", expect="organization_not_found")
    call("POST", "/v1/credentials", place("staging"), key=key, expect="unauthorized")
    assert account not in browser.get(page)[1]
    # The reference is free again.
    call("POST", "/v1/organizations", {"name": "Größe AG", "reference": TENANT}, expect=201)
    done("erased")


main()
