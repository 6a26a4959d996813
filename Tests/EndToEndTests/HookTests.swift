import FlowJSON
import FlowTesting
import Foundation
import TestSupport
import Testing

@Suite("secrets and hooks of the program", .timeLimit(.minutes(3)))
struct HookTests {
    /// What a secret makes of an event, as another program computes it.
    static func signature(_ request: RecordedRequest, key: String) async throws -> String {
        let folder = try madeDirectory()
        let signed = "\(request["webhook-id"] ?? "").\(request["webhook-timestamp"] ?? "").\(request.body)"
        let path = try file("signed", signed, in: folder)
        let digest = try await command(
            "openssl", ["dgst", "-sha256", "-hmac", key, "-binary", "-out", path + ".mac", path])
        #expect(digest.code == 0, "\(digest.error)")
        return "v1," + (try Data(contentsOf: URL(filePath: path + ".mac")).base64EncodedString())
    }

    @Test("secrets come from files and from variables, which win, and are not in the log")
    func sources() async throws {
        let folder = try madeDirectory()
        let secrets = folder + "/secrets"
        try FileManager.default.createDirectory(atPath: secrets + "/..data", withIntermediateDirectories: true)
        _ = try file("from_file", "key-of-the-file\n", in: secrets)
        _ = try file("both", "key-of-the-other-file\r\n", in: secrets)
        let settings = try file(
            "settings.yaml", "secrets:\n  directory: \(secrets)\nhooks:\n  source: https://flows.example/\n", in: folder
        )
        let keys = [
            "from_file": "key-of-the-file", "both": "key-of-the-variable", "from_variable": "key-of-another-variable",
        ]
        try await HookReceiver.with { receiver in
            let server = try await ServerProcess(
                data: folder + "/db", arguments: ["--config", settings],
                environment: [
                    "FLOWCORE_SECRET_BOTH": "key-of-the-variable",
                    "FLOWCORE_SECRET_FROM_VARIABLE": "key-of-another-variable", "FLOWCORE_LOGGING_LEVEL": "trace",
                    "FLOWCORE_SERVER_ACCESS_LOG": "all",
                ], log: folder + "/log")
            for (name, key) in keys {
                let id = try await server.client.runWithHook(["url": receiver.hook, "secret": .string(name)])
                let requests = await receiver.requests { $0.contains { $0.json["subject"]?.string == id } }
                let request = try #require(requests.first { $0.json["subject"]?.string == id })
                #expect(request.json["source"] == "https://flows.example/")
                #expect(request["webhook-signature"] == (try await Self.signature(request, key: key)), "\(name)")
                _ = try await server.client.delivery(of: id) { $0["status"] == "delivered" }
            }
            let unknown: JSONValue = ["url": receiver.hook, "secret": "FROM_VARIABLE"]
            let refused = try await server.client.run(workflow([node("a")]), ["on_completion": unknown])
            #expect(refused.status == 422 && refused.places == ["/on_completion/secret"], "\(refused.text)")
            #expect(try await server.stop() == 0)
        }
        let log = try text(of: folder + "/log")
        #expect(log.contains("hook delivered") && !log.contains("key-of-"), "\(log)")
    }

    @Test("what was taken while the disk does not take writes is not sent again")
    func failingDisk() async throws {
        let folder = try madeDirectory()
        let gate = Gate()
        try await HookReceiver.with { _, _ in
            _ = await gate.pass()
            return RecordedReply(200)
        } _: { receiver in
            let server = try await ServerProcess(data: folder + "/db")
            let id = try await server.client.runWithHook(receiver.hook)
            _ = await receiver.requests(1)
            try await server.failWrites(true)
            gate.open()
            // The answer is there, and what it means waits for the disk, as others do behind it.
            let taken = "\nflowcore_hook_deliveries_total{status=\"delivered\"} 1\n"
            while !(try await server.client.send("GET", "/metrics").text.contains(taken)) {}
            for _ in 0..<20 {
                #expect(try await server.client.send("GET", "/readyz").status == 503)
                #expect(try await server.client.send("GET", "/workflows/\(id)/delivery").json["status"] == "pending")
            }
            try await server.failWrites(false)
            let delivery = try await server.client.delivery(of: id) { $0["status"] == "delivered" }
            #expect(delivery["attempts"] == 1 && receiver.requests.count == 1, "\(delivery)")
            #expect(try await server.stop() == 0)
        }
    }

    @Test("secrets that cannot be used are refused at the start, without their values")
    func refusals() async throws {
        let folder = try madeDirectory()
        _ = try file("short", "seven77", in: folder)
        _ = try file("two words", "long-enough-to-be-one", in: folder)
        try Data([0xFF] + Array("is-no-utf-8".utf8)).write(to: URL(filePath: folder + "/binary"))
        try FileManager.default.createDirectory(atPath: folder + "/folder", withIntermediateDirectories: true)
        let result = try await flowcore(
            ["serve"],
            environment: [
                "FLOWCORE_SECRETS_DIRECTORY": folder, "FLOWCORE_SECRET_TINY": "tiny123",
                "FLOWCORE_SECRET_DIRECTORY": "/run/secrets", "FLOWCORE_SECRET_": "long-enough-to-be-one",
            ])
        #expect(result.code == 78 && result.output.isEmpty)
        for complaint in [
            "\(folder)/short: a secret has 8 to 65536 bytes, not 7",
            "\(folder)/two words: a secret's name has up to 64",
            "\(folder)/binary is not text in UTF-8", "\(folder)/folder cannot be read",
            "FLOWCORE_SECRET_TINY: a secret has 8 to 65536 bytes, not 7",
            "FLOWCORE_SECRET_DIRECTORY: unknown variable; the nearest is FLOWCORE_SECRETS_DIRECTORY",
            "FLOWCORE_SECRET_: unknown variable",
        ] {
            #expect(result.error.contains(complaint), "\(complaint): \(result.error)")
        }
        for value in ["seven77", "long-enough", "is-no-utf-8", "tiny123"] { #expect(!result.error.contains(value)) }
    }
}
