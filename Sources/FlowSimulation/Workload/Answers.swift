import FlowCore
import FlowJSON

/// What a node is answered that waits for it. It follows from the node and its run, so that it is the same however
/// often and in whatever simulation it is asked.
struct Answers {
    let output: JSONValue?
    let failure: NodeFailure?

    static func answer(_ id: NodeID, run number: Int) -> Answers {
        var trace = Trace()
        trace.mix(id.rawValue)
        trace.mix(number)
        let value = Int(trace.hash >> 40)
        guard value % 7 == 0 else {
            return Answers(output: ["answer": .string(id.rawValue), "value": .integer(Int64(value))], failure: nil)
        }
        return Answers(output: nil, failure: NodeFailure("refused", "somebody says no"))
    }

    /// The answer as the service takes it.
    var result: Result<JSONValue, NodeFailure> {
        if let output { return .success(output) }
        return .failure(failure ?? NodeFailure(.failed, "no answer"))
    }
}
