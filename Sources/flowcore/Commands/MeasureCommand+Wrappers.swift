import FlowCore
import FlowEngine
import FlowHosting
import FlowJSON
import FlowServer
import FlowSystem

extension MeasureCommand {
    /// Backends that wrap `native`, each by itself.
    private static var wrappers: [BackendRegistration] {
        [
            BackendRegistration(name: "resilient", type: "resilient", config: ["max_concurrent": 64]),
            BackendRegistration(name: "metered", type: "metered"),
            BackendRegistration(name: "fallback", type: "fallback", config: ["backends": ["native"]]),
            BackendRegistration(name: "silent", type: "logging", config: ["log_level": "critical"]),
        ]
    }

    /// Runs workflows of ten nodes, which are computed inline, on `native` and through each kind of wrapper.
    @concurrent static func measureWrappers() async throws {
        let count = 10
        let workflow = Workflow(
            name: "measure", nodes: (0..<count).map { Node(id: NodeID("n\($0)"), type: "passthrough") })
        var limits = EngineLimits()
        limits.volatileBytes = 256 << 10
        try await Temporary.withAssembly(limits: limits, metrics: PrometheusMetrics()) { assembly in
            for wrapper in wrappers { _ = try await assembly.service.registry.register(wrapper, replace: true) }
            let names = [BackendName.native] + wrappers.map(\.name)
            var times: [BackendName: [Double]] = [:]
            // In turns, so that what else the machine does falls on all of them.
            for _ in 0..<9 {
                for name in names {
                    times[name, default: []].append(try await time(workflow, on: name, assembly) / Double(count))
                }
            }
            let medians = names.map { times[$0]?.sorted()[4] ?? 0 }
            var result: JSONObject = ["native_us": .double(medians[0])]
            for (name, median) in zip(names, medians).dropFirst() {
                result["\(name)_added_us"] = .double(median - medians[0])
            }
            StandardStreams.write("\(JSONValue.object(result))\n")
        }
    }

    /// Microseconds for each of some thousand runs.
    private static func time(_ workflow: Workflow, on backend: BackendName, _ assembly: Assembly) async throws -> Double
    {
        let runs = 2000
        var request = SubmitRequest(workflow: workflow)
        request.durability = Durability.none
        request.input = ["n": 1]
        request.backend = backend
        let start = ContinuousClock.now
        for _ in 0..<runs {
            let run = try await assembly.service.submit(request)
            if !run.snapshot.context.status.isFinished {
                _ = try await assembly.service.wait(for: run.snapshot.context.id, atMost: .seconds(60))
            }
        }
        return start.duration(to: .now) / .microseconds(runs)
    }
}
