import FlowJSON
import Foundation
import TestSupport
import Testing

/// The tour of the README, block by block as it stands there, against the program.
@Suite("the tour of the README", .timeLimit(.minutes(2)))
struct TourTests {
    /// The commands of the tour, as they are to be typed.
    static func blocks() throws -> [String] {
        let readme = URL(filePath: CommandTests.examples).appending(path: "../../README.md").standardized.path()
        let page = try text(of: readme)
        guard let start = page.range(of: "## A tour with curl"), let end = page.range(of: "## The program") else {
            return []
        }
        return page[start.upperBound..<end.lowerBound].components(separatedBy: "```sh\n").dropFirst().compactMap {
            $0.components(separatedBy: "\n```").first
        }
    }

    @Test("every command does what the tour says")
    func tour() async throws {
        let server = try await ServerProcess(data: temporaryDirectory())
        let blocks = try Self.blocks()
        #expect(blocks.count > 4)
        var id = ""
        for (index, block) in blocks.enumerated() {
            let script = block.replacing("http://127.0.0.1:8080", with: "http://127.0.0.1:\(server.port)")
                .replacing("id=…", with: "id=\(id)").replacing("./data/nats", with: temporaryDirectory())
            // What a block leaves running ends with it.
            let result = try await command(
                "bash", ["-euc", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n" + script])
            #expect(result.code == 0, "\(script)\n\(result.error)")
            // The first run has ended before the tour asks for its end.
            let problems = result.output.components(separatedBy: "urn:flowcore:problem:").count - 1
            #expect(problems == (index == 1 ? 1 : 0), "\(script)\n\(result.output)")
            if index == 0 {
                let runs = try await server.client.send("GET", "/workflows?name=diamond").json["workflows"]
                id = try #require(runs?[0]?["workflow_id"]?.string)
                #expect(runs?[0]?["status"] == "completed")
            }
        }
        let run = try await server.client.send("GET", "/workflows/order-17").json
        #expect(run["status"] == "completed" && run["output"] == ["review": ["by": "Ada"]], "\(run)")
        #expect(run["nodes"]?["prices"]?["output_data"] == [1400, 5])
        #expect(run["nodes"]?["review"]?["backend"] == "native" && run["nodes"]?["ship"]?["backend"] == "audited")
        let orders = try await server.client.send("GET", "/workflows?name=order").json["workflows"]?.array ?? []
        let repeated = orders.filter { $0["rerun_of"]?["workflow_id"] == "order-17" }
        #expect(repeated.count == 1 && repeated[0]["backend"] == "native", "\(orders)")
        let hello = try await server.client.send("GET", "/workflows?definition=hello@1").json["workflows"]
        #expect(hello?[0]?["status"] == "completed")
        #expect(try await server.stop() == 0)
    }
}
