import FlowNATS

/// Finds results in messages that hold those of several tasks.
///
/// No subject tells what is in such a message, so all that there are for a server are looked at. That is done after a start
/// or a loss alone, once for all who search at the same time, and from where the last search ended.
actor ResultSearch {
    private struct Index {
        /// From where on messages have not been looked at.
        var next: UInt64 = 1
        /// The results that were found, by their ids. They are small: larger ones have messages and subjects of their own.
        var found: [String: [ResultEnvelope]] = [:]
        var usedAt: ContinuousClock.Instant = .now
    }

    private let stream: JetStream
    private let names: Names
    private var indexes: [String: Index] = [:]
    private var scans: [String: Task<Result<Void, NATSError>, Never>] = [:]

    init(_ stream: JetStream, _ names: Names) {
        self.stream = stream
        self.names = names
    }

    /// The results of an id that lie on the broker for a server.
    func results(_ id: String, for shard: String) async throws(NATSError) -> [ResultEnvelope] {
        indexes[shard, default: Index()].usedAt = .now
        // One that is under way may have gone past what has come since; those who wait for it share the next.
        if let earlier = scans[shard] { _ = await earlier.value }
        let scan = scans[shard] ?? begin(shard)
        try await scan.value.get()
        return indexes[shard]?.found[id] ?? []
    }

    private func begin(_ shard: String) -> Task<Result<Void, NATSError>, Never> {
        // Unstructured, since it belongs to nobody of those who wait for it.
        let scan = Task { await look(shard) }
        scans[shard] = scan
        return scan
    }

    private func look(_ shard: String) async -> Result<Void, NATSError> {
        let subject = names.batches(for: shard) + "*"
        // Put back once, at the end: while both are held each change would copy all that was found.
        var index = indexes[shard] ?? Index()
        defer {
            index.usedAt = .now
            indexes[shard] = index
            scans[shard] = nil
        }
        do throws(NATSError) {
            while let stored = try await stream.next(on: subject, from: index.next, of: names.results) {
                index.next = stored.sequence + 1
                for result in Self.results(of: stored, names, shard) {
                    index.found[result.id, default: []].append(result)
                }
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// Forgets what was not asked for since a while. What comes after that is looked at anew.
    func forget(after time: Duration) {
        let now = ContinuousClock.now
        indexes = indexes.filter { scans[$0.key] != nil || $0.value.usedAt.duration(to: now) < time }
    }

    private static func results(of stored: JetStream.Stored, _ names: Names, _ shard: String) -> [ResultEnvelope] {
        guard let batch = try? BatchEnvelope(reading: stored.payload),
            stored.subject == names.results(of: batch.worker, for: shard)
        else { return [] }
        return batch.results.compactMap { try? $0.get() }.filter { $0.worker == batch.worker }
    }
}
