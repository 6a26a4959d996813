import FlowCore
import FlowEngine
import FlowJSON
import FlowServer
import Foundation
import TestSupport
import Testing

/// What the documentation shows is what the server does.
@Suite("the examples of the documentation", .serialized, .timeLimit(.minutes(1)))
struct ExampleTests {
    static let files = DocumentedExample.files("docs/examples", ".json")

    @Test("an example gives what it says", arguments: files)
    func example(name: String) async throws {
        try await TestServer.with { server in
            let example = try DocumentedExample(name, port: server.client.port)
            for request in example.before { _ = try await Self.send(request, [:], server.client) }
            let accepted = try await server.client.send("POST", "/workflows", example.submission)
            #expect(accepted.status == 202, "\(accepted.text)")
            var runs = ["id": try #require(accepted.json["workflow_id"]?.string)]
            for step in example.steps {
                switch step {
                case .waitFor(let event): try await Self.wait(for: event.filled(runs), of: runs["id"] ?? "", server)
                case .request(let request):
                    let answer = try await Self.send(request, runs, server.client)
                    if let name = request.save { runs[name] = try #require(answer.json["workflow_id"]?.string) }
                }
            }
            let id = try #require(runs[example.expectation.run])
            Self.check(try await RunControlTests.wait(server.client, id), example.expectation)
        }
    }

    static func send(
        _ request: DocumentedExample.Request, _ runs: [String: String], _ client: TestClient
    ) async throws -> TestResponse {
        let answer = try await client.send(request.method, request.path.filled(runs), request.body?.filled(runs))
        let place = "\(request.method) \(request.path)"
        if let status = request.status {
            #expect(answer.status == status, "\(place): \(answer.text)")
        } else {
            #expect((200..<300).contains(answer.status), "\(place): \(answer.text)")
        }
        if let expected = request.expected?.filled(runs) {
            #expect(answer.json.holds(expected), "\(place): \(answer.text)")
        }
        return answer
    }

    /// Waits until the run has an event that holds everything of another.
    static func wait(for event: JSONValue, of id: String, _ server: TestServer) async throws {
        var events = try await server.service.events(of: WorkflowID(id), after: 0)
        while let page = try await events.next() {
            for found in page {
                var writer = JSONWriter()
                EventEncoding.write(found, to: &writer)
                if try JSONParser.parse(writer.bytes).holds(event) { return }
            }
        }
        Issue.record("the run \(id) ended without the event \(event)")
    }

    static func check(_ run: JSONValue, _ expectation: DocumentedExample.Expectation) {
        #expect(run["status"]?.string == expectation.status, "\(run)")
        #expect(run["output"] == expectation.output, "\(run)")
        if let error = expectation.error {
            #expect(run["error"]?.holds(error) == true, "\(run["error"] ?? .null)")
        } else {
            #expect(run["error"] == .null)
        }
        for (id, state) in expectation.nodes {
            let node = run["nodes"]?[id] ?? .null
            let expected: JSONValue = state.string == nil ? state : ["status": state]
            #expect(node.holds(expected), "\(id): \(node)")
        }
    }

    @Test("there are examples, and each is shown by a page")
    func areShown() throws {
        #expect(Self.files.count > 20)
        let shown = Set(try PageTests.pages.flatMap { try PageTests.blocks(of: $0) }.map(\.file))
        for name in Self.files { #expect(shown.contains("docs/examples/" + name), "no page shows \(name)") }
    }
}

/// The pages show files as they are and lead to places that there are.
@Suite("the pages of the documentation", .timeLimit(.minutes(1)))
struct PageTests {
    static let pages =
        DocumentedExample.files("docs", ".md").map { "docs/" + $0 } + ["README.md"]

    /// The blocks of a page that show a file, which their first line names behind the language.
    static func blocks(of page: String) throws -> [(file: String, text: String)] {
        let lines = try text(of: DocumentedExample.root.appending(path: page).path())
            .split(separator: "\n", omittingEmptySubsequences: false)
        let folder = page.hasPrefix("docs/") ? "docs/" : ""
        var blocks: [(file: String, text: String)] = []
        var open: (file: String?, lines: [Substring])?
        for line in lines {
            if let block = open {
                guard line == "```" else {
                    open?.lines.append(line)
                    continue
                }
                if let file = block.file { blocks.append((file, block.lines.map { $0 + "\n" }.joined())) }
                open = nil
            } else if line.hasPrefix("```") {
                let words = line.dropFirst(3).split(separator: " ")
                open = (words.count > 1 ? folder + words[1] : nil, [])
            }
        }
        return blocks
    }

    @Test("a block that names a file shows its content", arguments: pages)
    func blocks(page: String) throws {
        for (file, shown) in try Self.blocks(of: page) {
            let content = try text(of: DocumentedExample.root.appending(path: file).path())
            #expect(shown == content, "\(page) shows another \(file)")
        }
    }

    @Test("a link to another page leads to one, and to a heading that it has", arguments: pages)
    func links(page: String) throws {
        let path = DocumentedExample.root.appending(path: page)
        // Code has brackets of its own.
        let prose = try text(of: path.path()).replacing(/(?ms)^```.*?^```$/, with: "")
        for match in prose.matches(of: /\]\(([^)\s]+)\)/) {
            let target = String(match.1)
            guard !target.contains("://") else { continue }
            let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let other = parts[0].isEmpty ? path : path.deletingLastPathComponent().appending(path: parts[0])
            #expect(FileManager.default.fileExists(atPath: other.path()), "\(page) leads to \(target)")
            guard parts.count == 2 else { continue }
            #expect(Self.anchors(of: try text(of: other.path())).contains(parts[1]), "\(page) leads to \(target)")
        }
    }

    /// The names of a page's headings, as they are linked to.
    private static func anchors(of page: String) -> Set<String> {
        Set(
            page.split(separator: "\n").filter { $0.hasPrefix("#") }.map { line in
                String(
                    line.drop { $0 == "#" || $0 == " " }.lowercased().compactMap { character in
                        character == " "
                            ? "-"
                            : character.isLetter || character.isNumber || "-_".contains(character)
                                ? character : nil
                    })
            })
    }
}
