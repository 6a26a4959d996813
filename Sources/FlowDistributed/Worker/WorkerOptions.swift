/// What a worker is told to do.
package struct WorkerOptions: Sendable {
    /// What the names of streams and subjects begin with.
    package var namespace: String
    /// The worker's name, which no other has.
    package var id: String
    /// The node types that it takes.
    package var types: [String]
    /// What workflows may ask of their workers.
    package var labels: [String: String]
    /// How many nodes it executes at the same time.
    package var slots: Int
    /// Its version.
    package var version: String
    /// The largest input of a node, in bytes of JSON.
    package var maxPayloadBytes: Int

    /// Makes options.
    package init(
        namespace: String = "wf", id: String, types: [String], labels: [String: String] = [:], slots: Int,
        version: String, maxPayloadBytes: Int = 10 << 20
    ) {
        self.namespace = namespace
        self.id = id
        self.types = types
        self.labels = labels
        self.slots = slots
        self.version = version
        self.maxPayloadBytes = maxPayloadBytes
    }
}
