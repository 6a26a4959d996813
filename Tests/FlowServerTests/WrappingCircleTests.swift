import FlowJSON
import TestSupport
import Testing

@Suite("backends that would wrap themselves, or too much", .timeLimit(.minutes(2)))
struct WrappingCircleTests {
    @Test("no backend wraps itself, alone, by way of another or of two, and none wraps what is not there")
    func cycles() async throws {
        try await TestServer.with { server in
            let client = server.client
            let alone = try await ComposedBackendTests.put(client, "a", "resilient", ["backend": "a"], status: 422)
            #expect(alone.text.contains("wraps itself"))
            let missing = try await ComposedBackendTests.put(
                client, "a", "fallback", ["backends": ["native", "gone"]], status: 422)
            #expect(missing.text.contains("there is no backend \\\"gone\\\""))
            try await ComposedBackendTests.put(client, "a", "resilient", [:])
            try await ComposedBackendTests.put(client, "b", "fallback", ["backends": ["native", "a"]])
            try await ComposedBackendTests.put(client, "c", "metered", ["backend": "b"])
            #expect(
                try await ComposedBackendTests.put(client, "a", "metered", ["backend": "a"], status: 422).text
                    .contains("wraps itself"))
            #expect(
                try await ComposedBackendTests.put(client, "a", "metered", ["backend": "b"], status: 422).text
                    .contains("a -> b -> a"))
            #expect(
                try await ComposedBackendTests.put(client, "a", "fallback", ["backends": ["native", "c"]], status: 422)
                    .text
                    .contains("a -> c -> b -> a"))
            for name in ["a", "b"] { #expect(try await client.send("DELETE", "/backends/\(name)").status == 409) }
            // What was refused has changed nothing.
            #expect(try await client.run(workflow([node("x")]), ["backend": "c"]).json["status"] == "completed")
            for name in ["c", "b", "a"] { #expect(try await client.send("DELETE", "/backends/\(name)").status == 204) }
        }
    }

    @Test("lists of lists of lists, which would be gone through in more ways than anybody can wait for, are refused")
    func diamonds() async throws {
        try await TestServer.with { server in
            let client = server.client
            for name in ["l0", "r0"] {
                try await ComposedBackendTests.put(client, name, "logging", ["log_level": "critical"])
            }
            var refusal: TestResponse?
            var top = 0
            for level in 1...30 where refusal == nil {
                for name in ["l\(level)", "r\(level)"] {
                    let lists: JSONValue = ["backends": [.string("l\(level - 1)"), .string("r\(level - 1)")]]
                    let body: JSONValue = ["type": "fallback", "config": lists]
                    let made = try await client.send("PUT", "/backends/\(name)", body)
                    if made.status != 201 { refusal = made }
                }
                if refusal == nil { top = level }
            }
            #expect(refusal?.status == 422 && refusal?.isProblem == true && refusal?.places == ["/config"])
            #expect(refusal?.details.contains("too many wrapped backends") == true, "\(refusal?.text ?? "")")
            #expect(top >= 5)
            let run = try await client.run(workflow([node("x")]), ["backend": .string("l\(top)")])
            #expect(run.json["status"] == "completed", "\(run.text)")
            // From below as well: what is replaced may not become too much for those that wrap it.
            for name in ["a", "b", "c"] { try await ComposedBackendTests.put(client, name, "metered", [:]) }
            let below = try await ComposedBackendTests.put(
                client, "l0", "fallback", ["backends": ["a", "b", "c"]], status: 422)
            #expect(below.text.contains("which wraps it"), "\(below.text)")
            try await ComposedBackendTests.put(client, "m", "metered", ["backend": "l0"])
        }
    }

    @Test("two that are registered at the same moment do not come to wrap each other")
    func raced() async throws {
        try await TestServer.with { server in
            let client = server.client
            for _ in 0..<10 {
                for name in ["a", "b"] {
                    _ = try await client.send("PUT", "/backends/\(name)", ["type": "metered"])
                }
                async let first = client.send("PUT", "/backends/a", ["type": "metered", "config": ["backend": "b"]])
                async let second = client.send("PUT", "/backends/b", ["type": "metered", "config": ["backend": "a"]])
                #expect(try await [first.status, second.status].sorted() == [200, 422])
            }
        }
    }
}
