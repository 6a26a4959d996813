import ArgumentParser
import FlowCore
import FlowEngine
import FlowHosting
import FlowJSON
import FlowSystem

/// Measures the engine without HTTP and disk, for the benchmarks.
struct MeasureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure", abstract: "Measures the engine without HTTP and disk.", shouldDisplay: false)

    @Option(name: .long, help: "How many nodes each workflow has.")
    var nodes = 3
    @Option(name: .long, help: "How many workflows are run, one after the other.")
    var runs = 100_000

    @Flag(name: .long, help: "Measure parsing and writing a document of 10 KB instead.")
    var json = false

    @Flag(name: .long, help: "Measure the evaluation of expressions instead.")
    var expressions = false

    @Flag(name: .long, help: "Measure planning alone instead.")
    var planning = false

    @Flag(name: .long, help: "Measure what backends that wrap another one cost for each node instead.")
    var wrappers = false

    @Option(name: .long, help: "Measure a bare publisher on the broker of this URL instead.")
    var broker: String?
    @Flag(name: .long, help: "Answer such a publisher until the process is ended.")
    var answers = false
    @Option(name: .long, help: "How long that is measured.")
    var seconds = 2

    func run() async throws {
        if let broker { return try await Self.measureBroker(broker, answers: answers, seconds: seconds) }
        if wrappers { return try await Self.measureWrappers() }
        if planning { return try Self.measurePlanning() }
        if json { return try Self.measureJSON() }
        if expressions { return try Self.measureExpressions() }
        try await Self.measure(nodes: nodes, runs: runs)
    }

    private static func measureJSON() throws {
        let nodes = (0..<70).map { index -> JSONValue in
            [
                "node_id": .string("node-\(index)"), "type": "set", "depends_on": [.string("node-\(index / 2)")],
                "config": ["value": ["n": .integer(Int64(index)), "ratio": 0.125, "text": "some \"text\" of é"]],
                "timeout": "30s", "ok": true, "none": .null,
            ]
        }
        let value: JSONValue = ["nodes": .array(nodes)]
        let bytes = JSONWriter.bytes(of: value)
        let count = 5000
        var start = ContinuousClock.now
        for _ in 0..<count { _ = try JSONParser.parse(bytes) }
        let parse = start.duration(to: .now) / .microseconds(count)
        start = .now
        var total = 0
        for _ in 0..<count { total += JSONWriter.bytes(of: value).count }
        let write = start.duration(to: .now) / .microseconds(count)
        let result: JSONValue = [
            "bytes": .integer(Int64(total / count)), "parse_us": .double(parse), "write_us": .double(write),
        ]
        StandardStreams.write("\(result)\n")
    }

    /// Off the main thread, which a server's runs never are on either.
    @concurrent private static func measure(nodes: Int, runs: Int) async throws {
        let workflow = Workflow(
            name: "measure", nodes: (0..<nodes).map { Node(id: NodeID("n\($0)"), type: "passthrough") })
        // Few finished runs are kept, since what is measured is the execution: those it is compared with keep none.
        var limits = EngineLimits()
        limits.volatileBytes = 256 << 10
        try await Temporary.withAssembly(limits: limits) { assembly in
            var request = SubmitRequest(workflow: workflow)
            request.durability = Durability.none
            request.input = ["n": 1]
            let start = ContinuousClock.now
            for _ in 0..<runs {
                let run = try await assembly.service.submit(request)
                if !run.snapshot.context.status.isFinished {
                    _ = try await assembly.service.wait(for: run.snapshot.context.id, atMost: .seconds(60))
                }
            }
            let elapsed = start.duration(to: .now) / .seconds(1)
            let perSecond = Int64(Double(runs) / elapsed)
            StandardStreams.write(
                JSONValue.object(["nodes": .integer(Int64(nodes)), "runs_per_second": .integer(perSecond)]).description
                    + "\n")
        }
    }
}
