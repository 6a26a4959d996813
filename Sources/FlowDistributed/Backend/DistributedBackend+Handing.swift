import FlowCore
import FlowJSON
import FlowNATS

extension DistributedBackend {
    /// Where a piece of work is that was handed out before.
    enum Whereabouts: Sendable {
        /// On the broker, waiting or with a worker.
        case queued(sequence: UInt64, token: String)
        /// Done; this came of it.
        case answered(ResultEnvelope)
        /// Nowhere.
        case nowhere
    }

    /// How many times it is tried to hand a node out, while the broker comes and goes.
    private static let mostTurns = 10
    /// How long a stream may take to say that it has a task.
    private static let publishTime: Duration = .seconds(30)

    /// Hands a node out and waits for its result.
    func handOut(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        let id = TaskEnvelope.id(request.run.id, request.node.id, request.workAttempt)
        let queue = QueueName(type: request.node.type, placement: request.node.placement)
        let subject = link.names.task(queue.rawValue, request.run.id, request.node.id)
        // What an earlier start began of it may be under way.
        let token: Assignment.Token = request.workAttempt == request.attempt ? .known(newToken()) : .sought
        let assignment = Assignment(request, id: id, subject: subject, token: token)
        ledger.open(assignment)
        defer {
            ledger.close(assignment)
            book.end(id, by: assignment.started?.worker)
        }
        let outcome = await withTaskCancellationHandler {
            await publish(assignment, queue)
            // It was cancelled before it was known where the task lies.
            if assignment.isCancelling { withdraw(assignment) }
            return await assignment.outcome()
        } onCancel: {
            cancel(assignment)
        }
        switch outcome {
        case .result(let result):
            dropBegun(assignment)
            return try await self.result(result, assignment)
        case .cancelled:
            // Otherwise the server leaves it, and takes it up with its next start.
            if assignment.isCancelling { dropBegun(assignment) }
            throw cancelled
        case .failed(let error):
            // A broker may have what it did not confirm.
            leftovers.add(assignment)
            throw BackendError(code(of: error), backend: name, error.description)
        }
    }

    private func code(of error: NATSError) -> BackendError.Code {
        // 10077: the stream is as large as it may be.
        if case .refused(code: 10077, _) = error { .overloaded } else { .unavailable }
    }

    /// Nobody guesses one of so many in the time that a node takes.
    private func newToken() -> String { String(random(), radix: 36) }

    /// Publishes the task of an assignment, unless what an earlier start began of it is found.
    private func publish(_ assignment: Assignment, _ queue: QueueName) async {
        guard !assignment.isSought, !assignment.isOver, !assignment.isCancelling, link.has(queue),
            let task = smallTask(assignment)
        else { return await publish(assignment, queue, after: nil) }
        // There is nothing to find out first. The broker's word is not waited for: the result is, and comes behind it.
        link.stream.publish(task.subject, id: task.id, task.bytes, within: task.time) { [self] result in
            if case .success(let receipt) = result, !receipt.isDuplicate {
                assignment.published(receipt.sequence)
                if assignment.isCancelling { withdraw(assignment) }
                return
            }
            // Unstructured: it ends with the assignment.
            Task { [self] in
                if case .failure(let error) = result {
                    await publish(assignment, queue, after: error)
                } else {
                    // An earlier start has published it, or this one has, and the first confirmation was lost.
                    assignment.expect(.sought)
                    await publish(assignment, queue, after: nil)
                }
                if assignment.isCancelling { withdraw(assignment) }
            }
        }
    }

    /// Publishes the task of an assignment, and waits until the broker has it.
    private func publish(_ assignment: Assignment, _ queue: QueueName, after first: NATSError?) async {
        let request = assignment.request
        var failure = first
        var turns = 0
        while true {
            if let error = failure {
                turns += 1
                let mayPass = [NATSError.disconnected, .timedOut, .noResponders].contains(error)
                guard mayPass, turns < Self.mostTurns, !assignment.isOver,
                    await link.waitUntilReady(within: min(Self.publishTime, request.timeLeft ?? Self.publishTime))
                else { return assignment.end(.failed(error)) }
                // It is not known whether the broker has the task: that is looked for first.
                assignment.expect(.sought)
            }
            do throws(NATSError) {
                if assignment.isSought, try await adopt(assignment) { return }
                guard !assignment.isOver else { return }
                try await link.ensure(queue)
                return try await send(assignment)
            } catch {
                failure = error
            }
        }
    }

    /// Takes over what an earlier start began.
    ///
    /// - Returns: false when there is nothing.
    private func adopt(_ assignment: Assignment) async throws(NATSError) -> Bool {
        switch try await whereabouts(of: assignment) {
        case .queued(let sequence, let token):
            // First, since it is asked for as soon as the token is known.
            try await restoreBegun(assignment, token: token)
            assignment.published(sequence, token: token)
        case .answered(let result):
            assignment.take(result)
            return true
        case .nowhere: assignment.expect(.unknown)
        }
        // What has come meanwhile.
        let isQueued = assignment.knownToken != nil
        guard let result = ledger.claim(assignment) else { return isQueued }
        assignment.take(result.alone)
        return true
    }

    /// Looks for a task first and for its result then: the result is there before the task goes.
    func whereabouts(of assignment: Assignment) async throws(NATSError) -> Whereabouts {
        let request = assignment.request
        var sequence: UInt64 = 1
        // What else somebody sends to the subject is passed over.
        while let stored = try await link.stream.next(on: assignment.subject, from: sequence, of: link.names.tasks) {
            if let task = try? TaskEnvelope(reading: stored.payload), task.id == assignment.id {
                return .queued(sequence: stored.sequence, token: task.token)
            }
            sequence = stored.sequence + 1
        }
        let subject = link.names.result(link.shard, request.run.id, request.node.id)
        sequence = 1
        while let stored = try await link.stream.next(on: subject, from: sequence, of: link.names.results) {
            if let result = try? ResultEnvelope(reading: stored.payload), result.id == assignment.id,
                assignment.isSought || assignment.accepts(result.token)
            {
                return .answered(result.alone)
            }
            sequence = stored.sequence + 1
        }
        for result in try await link.search.results(assignment.id, for: link.shard)
        where assignment.isSought || assignment.accepts(result.token) {
            return .answered(result.alone)
        }
        return .nowhere
    }

    /// A task as it is sent.
    private struct Publication {
        var subject: String
        var id: String
        var bytes: [UInt8]
        /// How long it may take to be on the broker.
        var time: Duration
        /// Whether it is the first that is sent.
        var isFirst: Bool
    }

    /// The task of an assignment that is sent for the first time; `nil` when it has to go through the object store.
    private func smallTask(_ assignment: Assignment) -> Publication? {
        let bytes = envelope(of: assignment).bytes
        return bytes.count > Envelope.largest ? nil : publication(of: assignment, bytes)
    }

    private func envelope(of assignment: Assignment) -> TaskEnvelope {
        let request = assignment.request
        let token = assignment.knownToken ?? newToken()
        assignment.expect(.known(token))
        return TaskEnvelope(
            request, attempt: request.workAttempt, token: token, shard: link.shard, input: .inline(request.input),
            timeout: request.timeLeft.map { Int(clamping: max($0.wholeMilliseconds, 1)) },
            heartbeat: Int(clamping: configuration.heartbeat.wholeMilliseconds),
            maxDeliveries: configuration.maxDeliveries)
    }

    private func publication(of assignment: Assignment, _ bytes: [UInt8]) -> Publication {
        let number = assignment.nextPublication()
        // A task that was lost has to get past what the broker remembers of it.
        let id = number == 1 ? assignment.id : "\(assignment.id)/\(assignment.knownToken ?? "")/\(number)"
        let time = min(
            Self.publishTime, assignment.request.timeLeft.map { max($0, .milliseconds(1)) } ?? Self.publishTime)
        return Publication(
            subject: assignment.subject, id: id, bytes: bytes, time: time, isFirst: number == 1)
    }

    /// Sends the task until the broker has it.
    func send(_ assignment: Assignment) async throws(NATSError) {
        var task = envelope(of: assignment)
        var bytes = task.bytes
        if bytes.count > Envelope.largest {
            let input = JSONWriter.bytes(of: assignment.request.input)
            let object = assignment.id + ".input"
            try await link.objects.put(object, unique: task.token + "i", input)
            task.input = .stored(object)
            bytes = task.bytes
        }
        let message = publication(of: assignment, bytes)
        let receipt = try await link.stream.publish(
            message.subject, id: message.id, message.bytes, within: message.time)
        guard receipt.isDuplicate, message.isFirst else { return assignment.published(receipt.sequence) }
        // An earlier start has published it, or this one has, and the first confirmation was lost.
        assignment.expect(.sought)
        if try await adopt(assignment) || assignment.isOver { return }
        try await send(assignment)
    }

    /// Makes a result of what a worker sent.
    private func result(_ result: ResultEnvelope, _ assignment: Assignment) async throws(BackendError) -> NodeResult {
        switch result.outcome {
        case .failure(let failure): return .failure(failure)
        case .interrupted(let prompt): return .interrupted(prompt: prompt)
        case .success(let payload, let next, var metadata):
            metadata["worker"] = .string(result.worker)
            let output: JSONValue
            do throws(NATSError) { output = try await load(payload) } catch {
                if case .malformed(let text) = error {
                    return .failure(NodeFailure(.invalidOutput, "the node's output cannot be used: \(text)"))
                }
                throw BackendError(.unavailable, backend: name, "the node's output cannot be read: \(error)")
            }
            if case .stored(let object) = payload { forget(object) }
            return .success(output: output, notes: CompletionNotes(next: next, metadata: metadata))
        }
    }

    /// Takes an object out of the store some time.
    private func forget(_ object: String) {
        // Unstructured, since nobody waits for it; an object that stays is dropped by its age.
        Task { [link] in try? await link.objects.delete(object) }
    }

    /// A payload's value.
    func load(_ payload: Payload) async throws(NATSError) -> JSONValue {
        switch payload {
        case .inline(let value): return value
        case .stored(let object):
            let most = await contract.maxPayloadBytes
            guard let bytes = try await link.objects.get(object, most: most * 2) else {
                throw .malformed("there is no object \"\(object)\"")
            }
            do { return try JSONParser.parse(bytes, limits: Envelope.limits) } catch {
                throw .malformed("it is no JSON: \(error)")
            }
        }
    }

    /// Takes a task out of its queue some time.
    private func withdraw(_ assignment: Assignment) {
        guard let sequence = assignment.sequence else { return leftovers.add(assignment) }
        // Unstructured: whoever waited for the task waits no more.
        Task { [self] in
            if await delete(sequence) == nil { leftovers.add(assignment) }
        }
    }

    /// Takes a task out of its queue.
    ///
    /// - Returns: whether it was there; `nil` when that is not known.
    private func delete(_ sequence: UInt64) async -> Bool? {
        try? await link.stream.delete(sequence, of: link.names.tasks)
    }

    /// Has an attempt end: one that waits is taken out of its queue, one that runs is told to end.
    private func cancel(_ assignment: Assignment) {
        guard !assignment.request.isLeft() else { return assignment.end(.cancelled) }
        guard assignment.beginCancelling() else { return }
        // Unstructured: it begins in a handler that cannot wait. It ends soon, and with the assignment.
        Task { [self] in
            var writer = JSONWriter(capacity: 128)
            writer.beginObject()
            writer.field("v", Envelope.version)
            writer.field("id", assignment.id)
            writer.endObject()
            try? link.connection.publish(link.names.cancel, writer.bytes)
            guard let sequence = assignment.sequence else { return assignment.end(.cancelled) }
            let wasThere = await delete(sequence)
            if wasThere == nil { leftovers.add(assignment) }
            if wasThere == true, assignment.started == nil { return assignment.end(.cancelled) }
            try? await clock.sleep(for: Self.cancelGrace)
            assignment.end(.cancelled)
        }
    }
}
