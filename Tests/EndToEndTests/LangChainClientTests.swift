import Foundation
import TestSupport
import Testing

/// `python/flowcore_client`, with LangChain as it comes from PyPI, against the program.
@Suite("the client for LangChain", .timeLimit(.minutes(5)))
struct LangChainClientTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path()

    /// The interpreter that has LangChain.
    static func python() async throws -> String {
        let made = try await command("bash", [root + "scripts/langchain.sh"])
        try #require(made.code == 0, "\(made.error)")
        return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test("its tests pass", arguments: ["test_runs", "test_streams", "test_examples"])
    func module(name: String) async throws {
        let python = try await Self.python()
        let server = try await ServerProcess(data: temporaryDirectory())
        let client = Self.root + "python/flowcore_client"
        let result = try await command(
            "timeout",
            [
                "240", "env", "PYTHONPATH=\(client):\(client)/tests", "CLIENT_TEST_URL=http://127.0.0.1:\(server.port)",
                "FLOWCORE_BINARY=\(ServerProcess.binary)", "PYTHONDONTWRITEBYTECODE=1", python, "-m", "unittest", name,
            ])
        #expect(result.code == 0, "\(result.error)")
        // A module without tests would pass as well.
        #expect(result.error.contains(/Ran [1-9][0-9]* tests/), "\(result.error)")
        #expect(try await server.stop() == 0)
    }
}
