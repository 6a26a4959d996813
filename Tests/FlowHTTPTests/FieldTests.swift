import FlowHTTP
import Testing

@Suite("fields of requests", .timeLimit(.minutes(1)))
struct FieldTests {
    @Test("preferences are honoured by name and value, and told")
    func preferences() {
        var preferences = Preferences(["wait=5, return=minimal; foo=bar", "Respond-Async, x=\"y z\"", "wait=9"])
        #expect(preferences.apply("wait") { Int($0) != nil } == "5")
        #expect(preferences.apply("return") { $0 == "other" } == nil)
        #expect(preferences.apply("respond-async") == "")
        #expect(preferences.field?.value == "wait=5, respond-async" && preferences.ignored == ["return", "x"])
    }

    static let accepts: [([String], String?)] = [
        ([], "application/json"), (["*/*"], "application/json"), (["text/event-stream"], "text/event-stream"),
        (["text/*"], "text/event-stream"), (["text/html"], nil),
        (["application/json;q=0, */*;q=0.1"], "text/event-stream"),
        (["text/event-stream;q=0.5, application/json;q=0.9"], "application/json"), (["application/json;q=0"], nil),
    ]

    @Test("the representation that is liked best is chosen", arguments: accepts.indices)
    func negotiation(index: Int) {
        let (fields, choice) = Self.accepts[index]
        #expect(MediaTypes.choose(accept: fields, from: ["application/json", "text/event-stream"]) == choice)
    }

    @Test(
        "JSON is told by its type",
        arguments: [
            ("application/json", true), ("Application/JSON; charset=UTF-8", true), ("application/x+json", true),
            ("application/json; charset=latin1", false), ("text/plain", false), ("", false),
        ])
    func jsonTypes(type: String, isJSON: Bool) { #expect(MediaTypes.isJSON(type) == isJSON) }

    @Test(
        "a version that the client has is known by weak comparison",
        arguments: [("\"6\", W/\"7\"", true), ("*", true), ("\"77\"", false), ("\"7,8\"", false)])
    func known(field: String, isKnown: Bool) throws {
        var fields = RequestFields()
        fields.append("If-None-Match", field)
        #expect(try Preconditions(fields).isKnown(EntityTag("7")) == isKnown)
    }

    static let holding: [(match: String?, noneMatch: String?, holdsFor: [String?])] = [
        (nil, nil, [nil, "1", "2"]), ("*", nil, ["1", "2"]), ("\"2\"", nil, ["2"]), ("W/\"2\"", nil, []),
        ("\"1\" , ,\"2\"", nil, ["1", "2"]), ("\"1,2\"", nil, []), (nil, "*", [nil]), (nil, "\"2\"", [nil, "1"]),
        (nil, "W/\"2\", \"1\"", [nil]), ("\"1\"", "*", []), ("*", "\"1\"", ["2"]), ("\"*\"", nil, []),
    ]

    @Test("a condition holds for the versions that it names", arguments: holding.indices)
    func conditions(index: Int) throws {
        let (match, noneMatch, versions) = Self.holding[index]
        var fields = RequestFields()
        if let match { fields.append("If-Match", match) }
        if let noneMatch { fields.append("If-None-Match", noneMatch) }
        let conditions = try Preconditions(fields)
        for version in [nil, "1", "2"] {
            let holds = conditions.hold(for: version.map { EntityTag($0) })
            #expect(holds == versions.contains(version), "\(version ?? "none")")
        }
    }

    @Test("a condition may come in several fields")
    func severalFields() throws {
        var fields = RequestFields()
        for tag in ["\"1\"", "\"2\""] { fields.append("If-Match", tag) }
        let conditions = try Preconditions(fields)
        #expect(conditions.hold(for: EntityTag("1")) && conditions.hold(for: EntityTag("2")))
        #expect(!conditions.hold(for: EntityTag("3")))
    }

    @Test(
        "a condition that is no list of tags is refused, and so cannot be taken for one that holds",
        arguments: ["", " ", ",", "2", "\"2", "2\"", "\"1\" \"2\"", "*, \"1\"", "w/\"1\"", "\"a b\""])
    func malformedConditions(field: String) {
        for name in ["If-Match", "If-None-Match"] {
            var fields = RequestFields()
            fields.append(name, field)
            do {
                _ = try Preconditions(fields)
                Issue.record("accepted")
            } catch {
                #expect(error.status == 400 && error.issues.map(\.parameter) == [name])
            }
        }
    }

    @Test("every query parameter has to be known, well encoded and given once")
    func queries() throws {
        var items = QueryItems("a=1&b=%C3%A9+x&c=1&c=2")
        #expect(items.text("a") == "1" && items.text("b") == "é x" && items.texts("c") == ["1", "2"])
        #expect(throws: Never.self) { try items.finish() }
        var bad = QueryItems("x=1&a=%4&c=1&c=2")
        _ = bad.text("c")
        do {
            try bad.finish()
            Issue.record("accepted")
        } catch {
            #expect(error.issues.map(\.parameter) == ["a", "c", "x"])
        }
    }

    @Test(
        "a host is a name or an address, with or without a port",
        arguments: [
            ("x", true), ("localhost:8080", true), ("EXAMPLE.com", true), ("a_b.c-d~e", true), ("x:", true),
            ("127.0.0.1:80", true), ("[::1]", true), ("[::1]:8080", true), ("[fe80::1%25eth0]", true), ("x \t", true),
            ("%C3%A9.example", true), ("", false), (" ", false), ("a, b", false), ("a,b", false), ("a b", false),
            ("a/b", false), ("user@x", false), ("x:80:80", false), ("x:port", false), (":80", false), ("[]", false),
            ("[::1", false), ("::1", false), ("[::1]x", false), ("x?y", false), ("é", false),
        ])
    func hosts(host: String, isValid: Bool) { #expect(HostField.isValid(Array(host.utf8).span) == isValid) }

    @Test("events are framed")
    func events() {
        let bytes = ServerSentEvent.bytes(event: "e", id: "7", data: Array("{}".utf8))
        #expect(String(decoding: bytes, as: UTF8.self) == "id: 7\nevent: e\ndata: {}\n\n")
    }
}
