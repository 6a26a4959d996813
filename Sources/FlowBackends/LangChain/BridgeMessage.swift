import FlowCore
import FlowJSON

/// The lines that a process is sent.
enum BridgeMessage {
    /// The modules that the process consists of, and its settings.
    static func first(modules: [(name: String, source: String)], settings: JSONObject) -> [UInt8] {
        var object = JSONObject()
        for module in modules { object[module.name] = .string(module.source) }
        return line(["modules": .object(object), "settings": .object(settings)])
    }

    /// Asks for a chain of nodes to be run.
    ///
    /// - Parameter timeout: How long each of them may take.
    static func run(_ id: Int, _ plan: ChainPlan, _ request: NodeRequest, within timeout: Duration?) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.field("id")
        writer.integer(id)
        writer.field("t")
        writer.string("run")
        writer.field("nodes")
        writer.beginArray()
        for node in plan.nodes {
            writer.beginObject()
            writer.field("node_id")
            writer.string(node.id.rawValue)
            writer.field("type")
            writer.string(node.type)
            // What another node type is told to do is no business of the process, and may name secrets.
            writer.field("config")
            writer.value(node.type == RunnableNode.type ? .object(node.config) : [:])
            writer.endObject()
        }
        writer.endArray()
        if !plan.isLinear {
            writer.field("shape")
            writer.value(value(of: plan.shape))
        }
        writer.field("input")
        writer.value(request.input)
        writer.field("attempt")
        writer.integer(request.attempt)
        writer.field("run")
        writer.beginObject()
        writer.field("workflow_id")
        writer.string(request.run.id.rawValue)
        writer.field("name")
        writer.string(request.run.name)
        writer.field("backend")
        writer.string(request.run.backend.rawValue)
        writer.endObject()
        if let timeout {
            writer.field("timeout")
            writer.double(timeout / .seconds(1))
        }
        writer.endObject()
        return writer.bytes + [0x0A]
    }

    private static func value(of shape: ChainPlan.Shape) -> JSONValue {
        switch shape {
        case .step(let number): .integer(Int64(number))
        case .sequence(let parts): .array(parts.map(value))
        case .parallel(let branches):
            ["parallel": .array(branches.map { [.string($0.name.rawValue), value(of: $0.shape)] })]
        case .choice(let branches): ["choice": .array(branches.map(value))]
        }
    }

    /// Tells which node the planner has chosen.
    static func choose(_ id: Int, _ index: Int) -> [UInt8] {
        line(["id": .integer(Int64(id)), "t": "choose", "step": .integer(Int64(index))])
    }

    /// Asks whether the object of a configuration can be made.
    static func check(_ id: Int, _ config: JSONObject) -> [UInt8] {
        line(["id": .integer(Int64(id)), "t": "check", "config": .object(config)])
    }

    /// Tells a request that nobody waits for it any more.
    static func cancel(_ id: Int) -> [UInt8] { line(["id": .integer(Int64(id)), "t": "cancel"]) }

    /// Answers a node that called back; no output says that it has ended otherwise, as is known here.
    static func native(_ call: Int64, _ output: JSONValue?) -> [UInt8] {
        var object: JSONObject = ["t": "native", "call": .integer(call)]
        if let output { object["output"] = output }
        return line(.object(object))
    }

    /// Asks the process to end.
    static let stop = line(["t": "stop"])

    private static func line(_ value: JSONValue) -> [UInt8] { JSONWriter.bytes(of: value) + [0x0A] }
}
