import FlowCore

/// The names of what the backends and workers of one namespace share on a broker.
struct Names: Hashable, Sendable {
    /// What all of them begin with.
    let namespace: String

    /// Takes a namespace: lower-case letters, digits and `_`.
    init(_ namespace: String = "wf") { self.namespace = namespace }

    /// Whether a text can be a namespace.
    static func isNamespace(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                    || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
            }
    }

    /// The stream of tasks.
    var tasks: String { namespace.uppercased() + "_TASKS" }
    /// The stream of results.
    var results: String { namespace.uppercased() + "_RES" }
    /// The subjects of tasks.
    var allTasks: String { namespace + ".task.>" }
    /// The subjects of results.
    var allResults: String { namespace + ".res.>" }

    /// The subjects of the tasks of a queue.
    func tasks(of queue: String) -> String { "\(namespace).task.\(queue).>" }
    /// The subject of a node's task.
    func task(_ queue: String, _ run: WorkflowID, _ node: NodeID) -> String {
        "\(namespace).task.\(queue).\(Self.token(run.rawValue)).\(Self.token(node.rawValue))"
    }
    /// The subjects of all tasks of a run.
    func tasks(of run: WorkflowID) -> String { "\(namespace).task.*.\(Self.token(run.rawValue)).>" }
    /// The subjects of the results for a server.
    func results(for shard: String) -> String { "\(namespace).res.\(shard).>" }
    /// The subject of a node's result.
    func result(_ shard: String, _ run: WorkflowID, _ node: NodeID) -> String {
        "\(namespace).res.\(shard).\(Self.token(run.rawValue)).\(Self.token(node.rawValue))"
    }
    /// The subject of results of several nodes at once. No run's id begins with `_`.
    func results(of worker: String, for shard: String) -> String { batches(for: shard) + Self.token(worker) }
    /// What the subjects begin with of results of several nodes.
    func batches(for shard: String) -> String { "\(namespace).res.\(shard)._." }
    /// The stream of what a server has written down of tasks that were begun.
    var begun: String { namespace.uppercased() + "_BEGUN" }
    /// Its subjects.
    var allBegun: String { namespace + ".begun.>" }
    /// The subject of what a server has written down of an attempt that was begun.
    func begun(_ shard: String, _ run: WorkflowID, _ node: NodeID, _ attempt: Int) -> String {
        "\(namespace).begun.\(shard).\(Self.token(run.rawValue)).\(Self.token(node.rawValue)).\(attempt)"
    }
    /// The consumer of the results for a server.
    func resultConsumer(for shard: String) -> String { "server_" + shard }
    /// The subjects of what workers tell a server while they work.
    func events(for shard: String) -> String { "\(namespace).ev.\(shard).*" }
    /// The subject of what a worker tells a server while it works.
    func event(_ shard: String, _ worker: String) -> String { "\(namespace).ev.\(shard).\(Self.token(worker))" }
    /// The subject on which work is cancelled.
    var cancel: String { namespace + ".ctl.cancel" }
    /// The subject on which workers are told that there is another queue.
    var news: String { namespace + ".ctl.queue" }
    /// The subject on which a server is asked whether a result is still wanted.
    func question(_ shard: String) -> String { "\(namespace).ask.\(shard)" }
    /// The subjects on which workers say that they are there.
    var registrations: String { namespace + ".reg.*" }
    /// The subject on which a worker says that it is there.
    func registration(_ worker: String) -> String { "\(namespace).reg.\(Self.token(worker))" }

    /// A text as one part of a subject: what cannot stand in one is written as `=` and two hexadecimal digits.
    static func token(_ text: String) -> String {
        if !text.isEmpty, text.utf8.allSatisfy(isPlain) { return text }
        var bytes: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            if isPlain(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return bytes.isEmpty ? "=" : String(decoding: bytes, as: UTF8.self)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
