import ArgumentParser
import BackendTestSuite
import FlowCore
import FlowJSON
import FlowSystem
import FoundationEssentials

/// Judges a backend.
struct ConformanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conformance", abstract: "Judges a backend: whether it does all that is asked of one.",
        discussion: """
            Tries the backend in more than a hundred cases, from the shape of its answers (L0) to broken connections (L3),
            and says of each failure what was sent, what came and what should have come. Exits with 0 when no case failed,
            1 when one did, 69 when there is no backend to ask.
            """)

    @Argument(help: "The URL of a backend, or the name of one that a running server has.")
    var target: String?
    @Option(name: .long, help: "The server that has the backend of that name.")
    var server = "http://127.0.0.1:8080"
    @Option(name: .long, help: "The API key of the server; FLOWCORE_API_KEY by default.")
    var key: String?
    @Option(name: .long, help: "A header field of every request, such as \"X-Team: blue\".")
    var header: [String] = []
    @Option(name: .long, help: "The highest level to try: L0, L1, L2 or L3.")
    var level = "L3"
    @Option(name: .long, help: "Only the cases of this id, group or beginning of ids; * stands for any text.")
    var only: [String] = []
    @Option(name: .long, help: "A file (JSON or YAML) with the nodes to try the backend with.")
    var samples: String?
    @Flag(name: .long, help: "Write the report as JSON.")
    var json = false
    @Flag(name: .long, help: "Write the report as JUnit's XML.")
    var junit = false
    @Flag(name: .long, help: "List the cases and what they check, instead of trying them.")
    var list = false

    func run() async throws {
        guard let level = ConformanceLevel(rawValue: level.uppercased()) else {
            throw ArgumentParser.ValidationError("--level: expected L0, L1, L2 or L3, found \"\(level)\"")
        }
        guard !(json && junit) else { throw ArgumentParser.ValidationError("--json and --junit exclude each other") }
        if list {
            for item in BackendTestSuite.cases where item.level <= level { StandardStreams.write("\(item)\n") }
            return
        }
        guard let target else { throw ArgumentParser.ValidationError("name a backend, or give its URL") }
        do {
            let unknown = only.filter { !BackendTestSuite.hasCase($0, upTo: level) }
            guard unknown.isEmpty else {
                let names = unknown.map { "\"\($0)\"" }.joined(separator: ", ")
                throw UsageError(description: "--only: no case up to level \(level.rawValue) is meant by \(names)")
            }
            let suite = try suite(target)
            let runner = ConformanceRunner(suite, upTo: level, only: only)
            let report = try await report(of: runner)
            write(report, URLCredentials.hidden(in: target))
            if !report.hasPassed { throw ExitCode(1) }
        } catch let failure as ConformanceFailure {
            StandardStreams.writeError("flowcore: there is no backend to judge\n\(failure)\n")
            throw ExitCode(69)
        } catch let error as UsageError {
            StandardStreams.writeError("flowcore: \(error)\n")
            throw ExitCode(66)
        } catch let error as FlowCore.ValidationError {
            for issue in error.issues { StandardStreams.writeError("flowcore: \(issue)\n") }
            throw ExitCode(65)
        }
    }

    private func suite(_ target: String) throws -> BackendTestSuite {
        var samples = Samples()
        if let path = self.samples { samples = try Samples(decoding: try WorkflowFile.object(path: path)) }
        var fields = try header.map { text in
            let parts = text.split(separator: ":", maxSplits: 1).map { $0.drop { $0 == " " } }
            guard parts.count == 2, !parts[0].isEmpty else {
                throw UsageError(
                    description: "--header: expected \"Name: value\", found \"\(text.prefix { $0 != ":" })\"")
            }
            return (name: String(parts[0]), value: String(parts[1]))
        }
        let isURL = target.contains("://")
        // A key is for the server that it was given for, and not for whatever a URL leads to.
        let key = key ?? (isURL ? nil : ProcessInfo.processInfo.environment["FLOWCORE_API_KEY"])
        if let key { fields.append(("Authorization", "Bearer \(key)")) }
        var base = server
        while base.hasSuffix("/") { base.removeLast() }
        return BackendTestSuite(
            url: isURL ? target : "\(base)/backends/\(target)", fields: fields, samples: samples)
    }

    /// Tries the cases, and shows on a terminal how far it is.
    private func report(of runner: ConformanceRunner) async throws -> ConformanceReport {
        let isShown = StandardStreams.errorIsTerminal
        var results: [ConformanceResult] = []
        for try await result in runner.results {
            results.append(result)
            if isShown { StandardStreams.writeError("\r\(results.count)/\(runner.cases.count) \u{1B}[K") }
        }
        if isShown { StandardStreams.writeError("\r\u{1B}[K") }
        return runner.report(of: results)
    }

    private func write(_ report: ConformanceReport, _ target: String) {
        if json {
            StandardStreams.write("\(report.json)\n")
        } else if junit {
            StandardStreams.write(report.junit(name: target))
        } else {
            StandardStreams.write(report.text(name: target))
        }
    }
}
