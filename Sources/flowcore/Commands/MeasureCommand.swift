import ArgumentParser
import FlowCore
import FlowEngine
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

    func run() async throws { try await Self.measure(nodes: nodes, runs: runs) }

    /// Off the main thread, which a server's runs never are on either.
    @concurrent private static func measure(nodes: Int, runs: Int) async throws {
        let workflow = Workflow(
            name: "measure", nodes: (0..<nodes).map { Node(id: NodeID("n\($0)"), type: "passthrough") })
        try await Temporary.withAssembly { assembly in
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
