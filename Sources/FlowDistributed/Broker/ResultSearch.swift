import FlowNATS

/// Finds results in messages that hold those of several tasks.
///
/// No subject tells what is in such a message, so all that there are for a server are looked at. That is done after a start
/// or a loss alone, and each message is looked at once in a while, however many results are looked for.
actor ResultSearch {
    private struct Index {
        /// From where on messages have not been looked at.
        var next: UInt64 = 1
        /// The messages that hold a result, by the ids of results.
        var places: [String: [UInt64]] = [:]
        var usedAt: ContinuousClock.Instant = .now
    }

    private let stream: JetStream
    private let names: Names
    private var indexes: [String: Index] = [:]

    init(_ stream: JetStream, _ names: Names) {
        self.stream = stream
        self.names = names
    }

    /// The results of an id that lie on the broker for a server.
    func results(_ id: String, for shard: String) async throws(NATSError) -> [ResultEnvelope] {
        let subject = names.batches(for: shard) + "*"
        // Others search at the same time: whoever is told of a message first takes note of it.
        while let stored = try await stream.next(on: subject, from: index(shard).next, of: names.results) {
            guard stored.sequence >= index(shard).next else { continue }
            indexes[shard, default: Index()].next = stored.sequence + 1
            for result in Self.results(of: stored, names, shard) {
                indexes[shard, default: Index()].places[result.id, default: []].append(stored.sequence)
            }
        }
        indexes[shard, default: Index()].usedAt = .now
        var found: [ResultEnvelope] = []
        for place in index(shard).places[id] ?? [] {
            guard let stored = try await stream.next(on: subject, from: place, of: names.results),
                stored.sequence == place
            else { continue }
            found += Self.results(of: stored, names, shard).filter { $0.id == id }
        }
        return found
    }

    /// Forgets what was not asked for since a while. What comes after that is looked at anew.
    func forget(after time: Duration) {
        let now = ContinuousClock.now
        indexes = indexes.filter { $0.value.usedAt.duration(to: now) < time }
    }

    private func index(_ shard: String) -> Index { indexes[shard] ?? Index() }

    private static func results(of stored: JetStream.Stored, _ names: Names, _ shard: String) -> [ResultEnvelope] {
        guard let batch = try? BatchEnvelope(reading: stored.payload),
            stored.subject == names.results(of: batch.worker, for: shard)
        else { return [] }
        return batch.results.compactMap { try? $0.get() }.filter { $0.worker == batch.worker }
    }
}
