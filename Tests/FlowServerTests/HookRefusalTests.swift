import FlowCore
import FlowEngine
import FlowHTTP
import FlowJSON
import FlowServer
import Foundation
import TestSupport
import Testing

/// Hooks that cannot be called, and what nobody may read.
@Suite("refused hooks", .timeLimit(.minutes(1)))
struct HookRefusalTests {
    static let secret = "correct-horse-battery"

    static var options: TestServer.Options {
        var options = TestServer.Options()
        options.secrets = Secrets(["signing": secret, "broken": "whsec_**no base64**"])
        options.allowsPrivateCalls = false
        return options
    }

    static let hooks: [(hook: JSONValue, places: [String], detail: String)] = [
        (7, ["/on_completion"], "expected a URL or an object"), (.null, ["/on_completion"], "expected a URL"),
        ([:], ["/on_completion"], "\"url\" is required"), ("", ["/on_completion/url"], "absolute http or https URL"),
        ("/relative", ["/on_completion/url"], "absolute"),
        ("ftp://example.org/", ["/on_completion/url"], "http or https"),
        ("http://example.org:70000/", ["/on_completion/url"], "http or https"),
        ("http://user:pass@example.org/", ["/on_completion/url"], "without credentials"),
        ("http://169.254.169.254/latest", ["/on_completion/url"], "link-local"),
        ("http://2852039166/", ["/on_completion/url"], "link-local"),
        ("http://[fe80::1]:81/", ["/on_completion/url"], "link-local"),
        ("http://127.0.0.1:9/", ["/on_completion/url"], "allow_private"),
        ("https://10.1.2.3/", ["/on_completion/url"], "allow_private"),
        (["url": "https://example.org/", "odd": 1], ["/on_completion/odd"], "unknown field"),
        (["url": 1], ["/on_completion/url"], "expected a URL"),
        (["url": "https://example.org/", "secret": "none"], ["/on_completion/secret"], "no secret \"none\""),
        (["url": "https://example.org/", "secret": "a b"], ["/on_completion/secret"], "the name of a secret"),
        (["url": "https://example.org/", "secret": "broken"], ["/on_completion/secret"], "no Base64"),
        (["url": "https://example.org/", "headers": ["a": 1]], ["/on_completion/headers/a"], "expected a string"),
        (["url": "https://example.org/", "headers": ["a\nb": "x"]], ["/on_completion/headers/a\nb"], "can be sent"),
        (["url": "https://example.org/", "headers": ["x": "a\r\nb: c"]], ["/on_completion/headers/x"], "can be sent"),
        (["url": "https://example.org/", "headers": ["Host": "x"]], ["/on_completion/headers/Host"], "can be sent"),
        (
            ["url": "https://example.org/", "headers": ["Webhook-Id": "x"]], ["/on_completion/headers/Webhook-Id"],
            "the event has this field itself"
        ),
        (
            ["url": "nowhere", "secret": "none", "headers": ["content-type": "x"]],
            ["/on_completion/headers/content-type", "/on_completion/secret", "/on_completion/url"], "no secret"
        ),
    ]

    @Test(
        "a hook that could not be called is refused with the place of everything that is wrong",
        arguments: hooks.indices)
    func refusal(index: Int) async throws {
        let (hook, places, detail) = Self.hooks[index]
        try await SubmissionRefusalTests.refuses(Self.options) { client in
            for path in ["/workflows", "/workflows/match"] {
                let body: JSONValue = ["workflow": workflow([node("a")]), "on_completion": hook]
                let response = try await client.send("POST", path, body)
                #expect(response.status == 422 && response.isProblem, "\(response.text)")
                #expect(response.places.sorted() == places, "\(response.text)")
                #expect(response.details.contains(detail), "\(response.text)")
                #expect(!response.text.contains(Self.secret) && !response.text.contains("**no base64**"))
            }
        }
    }

    @Test("what is wrong with the hook is told together with what is wrong elsewhere")
    func together() async throws {
        try await SubmissionRefusalTests.refuses(Self.options) { client in
            let hook: JSONValue = ["url": "http://127.0.0.1/", "secret": "none"]
            let places = ["/on_completion/secret", "/on_completion/url"]
            for (body, more): (JSONObject, [String]) in [
                (["workflow": workflow([node("a", "odd")])], ["/workflow/nodes/0/type"]),
                (["workflow": workflow([node("a")]), "odd": 1], ["/odd"]),
                (["workflow": workflow([node("a")]), "backend": "odd"], ["/backend"]),
                (["definition": "ghost"], ["/definition"]),
            ] {
                var body = body
                body["on_completion"] = hook
                let response = try await client.send("POST", "/workflows", .object(body))
                #expect(
                    response.status == 422 && response.places.sorted() == (places + more).sorted(), "\(response.text)")
            }
        }
    }

    @Test("the value of a secret is in no answer, event, log or file")
    func hidden() async throws {
        let keeper = LogKeeper()
        var options = Self.options
        options.allowsPrivateCalls = true
        options.makeLogger = keeper.logger
        options.application.accessLog = .all
        let directory = temporaryDirectory()
        try await HookReceiver.with { number, _ in
            RecordedReply(number == 1 ? 410 : 200, [("X-Echo", Self.secret)], body: Array(Self.secret.utf8))
        } _: { receiver in
            var texts: [String] = []
            try await TestServer.with(options, directory: directory) { server in
                let client = server.client
                for status in ["failed", "delivered"] {
                    let id = try await client.runWithHook(["url": receiver.hook, "secret": "signing"])
                    _ = try await client.delivery(of: id) { $0["status"]?.string == status }
                    for path in ["", "/events", "/nodes", "/delivery"] {
                        texts.append(try await client.send("GET", "/workflows/\(id)\(path)").text)
                    }
                }
                texts.append(try await client.send("GET", "/workflows").text)
                texts.append(try await client.send("GET", "/limits").text)
                texts.append(try await client.send("GET", "/metrics").text)
            }
            #expect(texts.allSatisfy { !$0.isEmpty && !$0.contains(Self.secret) })
            #expect(texts.contains { $0.contains("\"signing\"") })
            let requests = await receiver.requests(2)
            #expect(requests.allSatisfy { $0["webhook-signature"]?.hasPrefix("v1,") == true })
            #expect(requests.allSatisfy { !$0.body.contains(Self.secret) && !$0.body.contains("signing") })
        }
        #expect(!keeper.all.isEmpty)
        for entry in keeper.all {
            #expect(
                !entry.message.contains(Self.secret) && entry.metadata.values.allSatisfy { !$0.contains(Self.secret) })
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: directory)
        var namesSecret = false
        for name in files {
            let data = try Data(contentsOf: URL(filePath: directory + "/" + name))
            #expect(data.range(of: Data(Self.secret.utf8)) == nil, "\(name)")
            if data.range(of: Data("signing".utf8)) != nil { namesSecret = true }
        }
        #expect(namesSecret, "\(files)")
        #expect("\(options.secrets) \(String(reflecting: options.secrets))".contains("signing"))
        var dumped = ""
        dump(options.secrets, to: &dumped)
        #expect(!dumped.contains(Self.secret) && !"\(options.secrets)".contains(Self.secret))
    }
}
