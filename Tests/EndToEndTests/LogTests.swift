import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("the program's log", .timeLimit(.minutes(2)))
struct LogTests {
    /// What a server logs that answers some requests, of which one is odd.
    static func log(_ environment: [String: String]) async throws -> String {
        let folder = try madeDirectory()
        let path = folder + "/log"
        let server = try await ServerProcess(data: folder + "/db", environment: environment, log: path)
        let registration: JSONValue = ["name": "audited", "type": "logging"]
        #expect(try await server.client.send("POST", "/backends", registration).status == 201)
        let output: JSONValue = "two\nlines \"quoted\" \u{1B}[31m"
        let run = try await server.client.run(
            workflow([node("a", "set", ["value": output])]), ["backend": "audited"])
        #expect(run.json["output"] == output)
        #expect(try await server.client.send("GET", "/no%0A%22such%22").status == 404)
        #expect(try await server.stop() == 0)
        return try text(of: path)
    }

    @Test("as JSON it is one object a line, each with its time, level, logger and message")
    func json() async throws {
        let log = try await Self.log(["FLOWCORE_LOGGING_FORMAT": "json", "FLOWCORE_SERVER_ACCESS_LOG": "all"])
        #expect(log.hasSuffix("\n"))
        let lines = log.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        var messages: Set<String> = []
        for line in lines {
            let entry = try JSONParser.parse(String(line))
            let time = try #require(entry["time"]?.string)
            #expect(
                try Regex("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z").wholeMatch(in: time) != nil, "\(time)")
            #expect(entry["logger"]?.string?.isEmpty == false)
            #expect(["debug", "info", "notice", "warning", "error"].contains(entry["level"]?.string ?? ""))
            // Whatever else is known is a text under its own name.
            #expect(entry.object?.members.allSatisfy { $0.value.string != nil } == true)
            messages.insert(entry["message"]?.string ?? "")
        }
        #expect(messages.isSuperset(of: ["request answered", "stopping", "stopped"]), "\(messages)")
        let requests = try lines.map { try JSONParser.parse(String($0)) }.filter { $0["message"] == "request answered" }
        #expect(requests.map { $0["status"]?.string } == ["201", "200", "404"])
        #expect(requests.last?["path"] == "/no%0A%22such%22")
        let nodes = try lines.map { try JSONParser.parse(String($0)) }.filter { $0["node_id"] == "a" }
        #expect(!nodes.isEmpty && nodes.allSatisfy { $0["workflow_id"]?.string?.isEmpty == false })
    }

    @Test("as text it is one line for each entry")
    func plain() async throws {
        let log = try await Self.log(["FLOWCORE_SERVER_ACCESS_LOG": "all"])
        let lines = log.split(separator: "\n")
        let time = try Regex("^\\d{4}-\\d\\d-\\d\\dT")
        for line in lines { #expect(try time.prefixMatch(in: line) != nil, "\(line)") }
        for message in ["request answered", "stopping", "stopped"] {
            #expect(lines.contains { $0.contains(message) }, "\(log)")
        }
        #expect(!log.contains("\u{1B}"))
    }

    static let scopes: [(scope: String, statuses: [String])] = [
        ("off", []), ("errors", ["404"]), ("all", ["201", "200", "404"]),
    ]

    @Test("which requests are logged is what the settings say", arguments: scopes.indices)
    func accessLog(index: Int) async throws {
        let (scope, statuses) = Self.scopes[index]
        let log = try await Self.log(["FLOWCORE_LOGGING_FORMAT": "json", "FLOWCORE_SERVER_ACCESS_LOG": scope])
        let entries = try log.split(separator: "\n").map { try JSONParser.parse(String($0)) }
        #expect(entries.filter { $0["message"] == "request answered" }.compactMap { $0["status"]?.string } == statuses)
    }

    @Test("below its level nothing is logged")
    func level() async throws {
        let log = try await Self.log([
            "FLOWCORE_LOGGING_FORMAT": "json", "FLOWCORE_SERVER_ACCESS_LOG": "all", "FLOWCORE_LOGGING_LEVEL": "notice",
        ])
        let entries = try log.split(separator: "\n").map { try JSONParser.parse(String($0)) }
        #expect(!entries.contains { $0["message"] == "request answered" })
        #expect(entries.contains { $0["message"] == "stopped" && $0["level"] == "notice" })
    }
}
