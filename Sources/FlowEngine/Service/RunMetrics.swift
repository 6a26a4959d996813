import FlowCore
public import Metrics

/// Counts how runs and their nodes ended, and measures how long runs took.
public struct RunMetrics: Sendable {
    private let runs: [WorkflowStatus: Counter]
    private let completedNodes: Counter
    /// Counters of the other final statuses of nodes.
    private let otherNodes: [(status: NodeStatus, counter: Counter)]
    private let duration: Timer

    /// Makes the metrics.
    public init(factory: any MetricsFactory) {
        func counter(_ label: String, _ status: String) -> Counter {
            Counter(label: label, dimensions: [("status", status)], factory: factory)
        }
        var runs: [WorkflowStatus: Counter] = [:]
        for status in WorkflowStatus.allCases where status.isFinished {
            runs[status] = counter("flowcore_runs_total", status.rawValue)
        }
        self.runs = runs
        completedNodes = counter("flowcore_nodes_total", NodeStatus.completed.rawValue)
        otherNodes = NodeStatus.allCases.filter { $0.isFinished && $0 != .completed }
            .map { ($0, counter("flowcore_nodes_total", $0.rawValue)) }
        duration = Timer(label: "flowcore_run_duration_seconds", dimensions: [], factory: factory)
    }

    /// Counts a run that has ended.
    func ended(_ context: WorkflowContext) {
        runs[context.status]?.increment()
        var completed = 0
        for index in context.nodes.indices where context.nodes[index].status == .completed { completed += 1 }
        if completed > 0 { completedNodes.increment(by: completed) }
        // Of most runs every node has completed.
        for (status, counter) in completed == context.nodes.count ? [] : otherNodes {
            var count = 0
            for index in context.nodes.indices where context.nodes[index].status == status { count += 1 }
            if count > 0 { counter.increment(by: count) }
        }
        time(context)
    }

    private func time(_ context: WorkflowContext) {
        if let end = context.completedAt {
            duration.recordNanoseconds((end.milliseconds - context.submittedAt.milliseconds) * 1_000_000)
        }
    }
}
