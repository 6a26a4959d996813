import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("a crash while a backend is judged", .timeLimit(.minutes(1)))
struct ConformanceCrashTests {
    @Test("the run is shown as interrupted after the next start, and another one can be made")
    func interrupted() async throws {
        let directory = temporaryDirectory()
        let first = try await ServerProcess(data: directory)
        let begun = try await first.client.send("POST", "/backends/native/conformance-runs")
        #expect(begun.status == 202, "\(begun.text)")
        try await first.crash()
        let second = try await ServerProcess(data: directory)
        let path = try #require(begun["location"])
        let run = try await second.client.send("GET", path).json
        #expect(run["status"] == "interrupted" && run["ended_at"] != .null, "\(run)")
        let stream = try await second.client.send("GET", path, headers: ["Accept": "text/event-stream"])
        #expect(serverSentEvents(stream.text).map(\.type) == ["end"])
        #expect(try await second.client.send("POST", "/backends/native/conformance-runs").status == 202)
        #expect(try await second.stop() == 0)
    }
}
