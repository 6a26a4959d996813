package import FlowCore
package import FlowJSON

/// What a node of a simulation does, as its configuration says. All of it follows from node, input and attempt.
package struct NodeBehaviour: Sendable {
    /// A node that is computed by the driver itself.
    static let pureType = "pure"
    /// A node that takes its time and has effects.
    static let workType = "work"

    /// How long it takes, in milliseconds.
    var work = 0
    /// Whether it does not end when it is cancelled.
    var isStubborn = false
    /// The code of the failure in which every attempt ends.
    var failure: String?
    /// Whether that failure may be gone on another attempt.
    var isRetriable = false
    /// How many attempts fail before one succeeds.
    var flakyAttempts = 0
    /// Whether its output has to come from outside.
    var asks = false
    /// How many parts of its result it hands out before it ends.
    var chunks = 0
    /// A number that goes into the output.
    var salt = 0

    init() {}

    package init(_ config: JSONObject) {
        asks = config["asks"]?.bool ?? false
        chunks = config["chunks"]?.integer.map(Int.init) ?? 0
        work = config["work_ms"]?.integer.map(Int.init) ?? 0
        isStubborn = config["stubborn"]?.bool ?? false
        failure = config["fails"]?.string
        isRetriable = config["retriable"]?.bool ?? false
        flakyAttempts = config["flaky"]?.integer.map(Int.init) ?? 0
        salt = config["salt"]?.integer.map(Int.init) ?? 0
    }

    /// The configuration that says the same.
    var config: JSONObject {
        var config: JSONObject = ["salt": .integer(Int64(salt))]
        if work > 0 { config["work_ms"] = .integer(Int64(work)) }
        if isStubborn { config["stubborn"] = true }
        if let failure { config["fails"] = .string(failure) }
        if isRetriable { config["retriable"] = true }
        if flakyAttempts > 0 { config["flaky"] = .integer(Int64(flakyAttempts)) }
        if asks { config["asks"] = true }
        if chunks > 0 { config["chunks"] = .integer(Int64(chunks)) }
        return config
    }

    /// How an attempt ends that nothing keeps from it.
    func result(of id: NodeID, input: JSONValue, attempt: Int) -> NodeResult {
        if let failure {
            return .failure(NodeFailure(NodeFailure.Code(failure), "told to fail", retriable: isRetriable))
        }
        if attempt <= flakyAttempts {
            return .failure(NodeFailure(.failed, "fails \(flakyAttempts) times", retriable: true))
        }
        return .success(output: output(of: id, input: input))
    }

    /// The output that follows from node and input.
    package func output(of id: NodeID, input: JSONValue) -> JSONValue {
        var trace = Trace()
        trace.mix(JSONWriter.bytes(of: input))
        trace.mix(salt)
        return ["node": .string(id.rawValue), "value": .integer(Int64(trace.hash >> 40))]
    }
}
