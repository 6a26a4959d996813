import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("flowcore verify-receipts", .timeLimit(.minutes(3)))
struct ReceiptCommandTests {
    @Test("receipts are verified at a server and in files, and one that was changed is found")
    func verifying() async throws {
        let folder = try madeDirectory()
        let server = try await ServerProcess(data: folder + "/data")
        let client = server.client
        let run = try await client.run(workflow((0..<4).map { node("n\($0)") }))
        let path = "/workflows/\(run.json["workflow_id"]?.string ?? "")"
        let url = "http://127.0.0.1:\(client.port)\(path)"
        let online = try await flowcore(["verify-receipts", url])
        #expect(online.code == 0 && online.output == "4 receipts verified\n", "\(online)")
        let unknown = try await flowcore(["verify-receipts", url + "x"])
        #expect(unknown.code == 66 && unknown.error.contains("no run"), "\(unknown)")
        let other = try await flowcore(["verify-receipts", "http://127.0.0.1:\(client.port)/backends"])
        #expect(other.code == 66 && other.error.contains("URL of a run"))
        var files: [String] = []
        for (index, query) in ["?limit=3", "?limit=3&after=3"].enumerated() {
            let page = try await client.send("GET", path + "/receipts" + query)
            files.append(try file("page\(index).json", page.text, in: folder))
        }
        let whole = try file("run.json", run.text, in: folder)
        #expect(try await server.stop() == 0)
        // From here on nobody is there to ask.
        let offline = try await flowcore(["verify-receipts"] + files + ["--run", whole])
        #expect(offline.code == 0 && offline.output == "4 receipts verified\n", "\(offline)")
        let part = try await flowcore(["verify-receipts", files[0]])
        #expect(part.code == 65 && part.error.contains("the last receipts are missing"), "\(part)")
        let forged = try text(of: files[1]).replacingOccurrences(of: "\"attempt\":1", with: "\"attempt\":2")
        let changed = try await flowcore(["verify-receipts", files[0], try file("forged.json", forged, in: folder)])
        #expect(changed.code == 65 && changed.error.contains("receipt 4 does not say"), "\(changed)")
        let spoilt = run.text.replacingOccurrences(of: "\"output_data\":{\"n\":1}", with: "\"output_data\":{\"n\":2}")
        let claims = try await flowcore(
            ["verify-receipts"] + files + ["--run", try file("spoilt.json", spoilt, in: folder)])
        #expect(claims.code == 65 && claims.error.contains("the output_data of the node \"n0\""), "\(claims)")
        for bad in [folder + "/none.json", try file("bad.json", "{", in: folder)] {
            let result = try await flowcore(["verify-receipts", bad])
            #expect(result.code == 66 && result.error.contains("cannot be read"), "\(result)")
        }
    }

    @Test("the recipe of the documentation finds the same hashes in another language")
    func recipe() async throws {
        let script = CommandTests.examples + "/../../docs/examples/verify_receipts.py"
        let folder = try madeDirectory()
        let server = try await ServerProcess(data: folder + "/data")
        let nodes = [
            node("a", "set", ["value": ["ö": 1.5, "a": [true, .null, "x\n"], "B": ["n": 12345678901]]]), node("b"),
        ]
        let run = try await server.client.run(workflow(nodes))
        let path = "/workflows/\(run.json["workflow_id"]?.string ?? "")/receipts"
        let receipts = try await server.client.send("GET", path).text
        #expect(try await server.stop() == 0)
        let saved = try file("receipts.json", receipts, in: folder)
        let whole = try file("run.json", run.text, in: folder)
        let good = try await command("python3", [script, saved, whole])
        #expect(good.code == 0 && good.output.contains("2 receipts"), "\(good)")
        let forged = receipts.replacingOccurrences(of: "\"worker\":null", with: "\"worker\":\"me\"")
        let bad = try await command("python3", [script, try file("forged.json", forged, in: folder), whole])
        #expect(bad.code != 0, "\(bad)")
    }
}
