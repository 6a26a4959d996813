import FlowCore
import FlowJSON
import FlowNATS
import Logging
import Synchronization

extension NodeWorker {
    /// How long a server may take to say whether it still wants a result.
    private static let questionTime: Duration = .seconds(1)
    /// When a task is delivered again that this worker cannot take.
    private static let refusalDelay: Duration = .seconds(5)
    /// How long a result may take to be on the broker before it is sent anew.
    private static let publishTime: Duration = .seconds(30)

    /// Takes in a task. On a thread of the connection's.
    func take(_ message: NATSMessage) {
        guard let delivery = Delivery(message.reply) else { return }
        let task: TaskEnvelope
        do throws(Envelope.Refusal) { task = try TaskEnvelope(reading: message.payload, recent: recent) } catch {
            logger.warning(
                "task refused", metadata: ["subject": "\(message.subject)", "reason": "\(error)"])
            // A later worker may take what is newer; what is no task nobody can.
            if case .newer = error {
                try? connection.say(.nak, of: delivery, after: Self.refusalDelay)
            } else {
                try? connection.say(.term, of: delivery)
            }
            return
        }
        let job = WorkerJob(task, delivery)
        enum Ruling { case run, again(WorkerJob), done, handBack }
        let ruling = state.withLock { state -> Ruling in
            if let earlier = state.jobs[task.id], earlier.task.token == task.token { return .again(earlier) }
            if state.recentTokens.contains(task.token) { return .done }
            guard !state.isDraining, state.jobs[task.id] == nil else { return .handBack }
            state.jobs[task.id] = job
            return .run
        }
        switch ruling {
        case .again(let earlier): earlier.redelivered(delivery)
        case .done: try? connection.say(.ack, of: delivery)
        case .handBack: try? connection.say(.nak, of: delivery)
        case .run:
            if let result = pureResult(of: job) {
                logBegin(job)
                return end(job, outcome(of: result))
            }
            admit(job)
        }
    }

    private func logBegin(_ job: WorkerJob) {
        logger.debug(
            "node begun",
            metadata: [
                "workflow_id": "\(job.task.run)", "node_id": "\(job.task.node)", "attempt": "\(job.task.attempt)",
                "delivery": "\(job.delivery.count)",
            ])
    }

    /// Begins a task, unless it was given up while it waited.
    func begin(_ job: WorkerJob) {
        guard !job.isConcluded else {
            if job.workIsOver() { strayEnded() }
            return
        }
        // The server has been told that it did not begin.
        if let reason = job.interruption { return end(job, Self.failure(reason)) }
        logBegin(job)
        // Unstructured: it begins with a message. The job owns it, and cancels it when it is to end.
        job.begin(Task { [self] in await run(job) })
        noteStart(job)
    }

    /// What a node gives that is quick, pure computation and has its input at hand: no thread has to be changed for it, and
    /// nobody has to be told that it was begun.
    private func pureResult(of job: WorkerJob) -> NodeResult? {
        guard case .inline(let input) = job.task.input, job.delivery.count == 1 else { return nil }
        let node = job.task.definition
        return backend.computesInline(node) ? backend.pureResult(of: node, input: input) : nil
    }

    /// Concludes a task for which nothing had to be waited.
    private func end(_ job: WorkerJob, _ outcome: ResultEnvelope.Outcome) {
        guard !job.workIsOver() else { return strayEnded() }
        conclude(job, outcome, isOver: true)
    }

    private func run(_ job: WorkerJob) async {
        let task = job.task
        let outcome: ResultEnvelope.Outcome?
        let standing = job.delivery.count > 1 ? await standing(of: job) : .wanted(losses: 0)
        switch standing {
        case .unwanted: outcome = nil
        case .wanted(let losses) where losses >= task.maxDeliveries:
            outcome = .failure(
                NodeFailure(.lost, "\(losses) workers were lost during the attempt", retriable: true))
        case .wanted: outcome = await execute(job)
        }
        guard !job.workIsOver() else { return strayEnded() }
        if let outcome {
            conclude(job, outcome, isOver: true)
        } else if job.conclude() {
            acknowledge(job)
        }
    }

    /// How a task stands that was delivered before.
    private enum Standing {
        /// Nobody wants its result any more, or has it.
        case unwanted
        /// It is to be done; so many workers have begun it and were not heard of again. A broker counts deliveries, which
        /// are not the same, and does not remember them all.
        case wanted(losses: Int)
    }

    /// Asks the server how a task stands.
    private func standing(of job: WorkerJob) async -> Standing {
        let task = job.task
        let question: JSONObject = [
            "v": .integer(Int64(Envelope.version)), "kind": "wanted", "id": .string(task.id),
            "run": .string(task.run.rawValue), "node": .string(task.node.rawValue),
            "attempt": .integer(Int64(task.attempt)), "token": .string(task.token), "ack": .string(job.first),
        ]
        guard
            let answer = try? await connection.request(
                names.question(task.shard), JSONWriter.bytes(of: .object(question)), within: Self.questionTime),
            let value = try? JSONParser.parse(answer.payload)
        else { return await isAnswered(task) ? .unwanted : .wanted(losses: 0) }
        if value["wanted"]?.bool == false { return .unwanted }
        return .wanted(losses: value["losses"]?.integer.map { Int(clamping: $0) } ?? 0)
    }

    /// Whether a result lies on the broker, when no server is there to ask.
    private func isAnswered(_ task: TaskEnvelope) async -> Bool {
        let subject = names.result(task.shard, task.run, task.node)
        if let stored = try? await stream.last(on: subject, of: names.results),
            let result = try? ResultEnvelope(reading: stored.payload), result.id == task.id, result.token == task.token
        {
            return true
        }
        let others = try? await search.results(task.id, for: task.shard)
        await search.forget(after: .seconds(60))
        return others?.contains { $0.token == task.token } ?? false
    }

    private func execute(_ job: WorkerJob) async -> ResultEnvelope.Outcome {
        let task = job.task
        let input: JSONValue
        do throws(NATSError) { input = try await load(task.input) } catch {
            return .failure(NodeFailure(.unavailable, "the node's input cannot be read: \(error)", retriable: true))
        }
        var request = NodeRequest(
            node: task.definition, input: input, attempt: task.attempt,
            run: RunInformation(
                id: task.run, name: task.workflow.name, version: task.workflow.version,
                backend: task.workflow.backend, variables: task.workflow.variables,
                submittedAt: task.workflow.submittedAt, traceparent: task.traceparent),
            deadline: task.timeout.map { clock.now.advanced(by: .milliseconds($0)) }, clock: clock)
        request.emit = { [self] in emit($0, job) }
        do throws(BackendError) {
            return outcome(of: try await backend.executeNode(request))
        } catch {
            if job.interruption == .timeout { return Self.failure(.timeout) }
            if job.interruption == .cancellation { return Self.failure(.cancellation) }
            return .failure(NodeFailure.transport(error))
        }
    }

    private func outcome(of result: NodeResult) -> ResultEnvelope.Outcome {
        switch result {
        case .success(let output, let notes):
            .success(output: .inline(output), next: notes?.next, metadata: notes?.metadata ?? JSONObject())
        case .failure(let failure): .failure(failure)
        case .interrupted(let prompt): .interrupted(prompt: prompt)
        }
    }

    private static func failure(_ reason: WorkerJob.Interruption) -> ResultEnvelope.Outcome {
        switch reason {
        case .timeout:
            .failure(NodeFailure(.timeout, "the attempt took longer than its timeout", retriable: true))
        case .cancellation: .failure(NodeFailure(.cancelled, "the attempt was cancelled"))
        }
    }

    private func load(_ payload: Payload) async throws(NATSError) -> JSONValue {
        switch payload {
        case .inline(let value): return value
        case .stored(let object):
            guard let bytes = try await objects.get(object, most: 2 * options.maxPayloadBytes) else {
                throw .malformed("there is no object \"\(object)\"")
            }
            do { return try JSONParser.parse(bytes, limits: Envelope.limits) } catch {
                throw .malformed("it is no JSON: \(error)")
            }
        }
    }

    /// Hands a part of the result out.
    private func emit(_ chunk: JSONValue, _ job: WorkerJob) {
        let number = job.nextChunk()
        let task = job.task
        let event = EventEnvelope(
            worker: options.id, .chunk(id: task.id, token: task.token, number: number, .inline(chunk)))
        let bytes = event.bytes
        let subject = names.event(task.shard, options.id)
        guard bytes.count > Envelope.largest else {
            // A part that is lost now is missed by the server, which goes on without it.
            try? connection.publish(subject, bytes)
            return
        }
        // Unstructured: nodes hand parts out without waiting. The result waits for what it says was sent before it.
        Task { [self] in
            let object = "\(task.id).chunk.\(number)"
            try? await objects.put(object, unique: "\(task.token)c\(number)", JSONWriter.bytes(of: chunk))
            let event = EventEnvelope(
                worker: options.id, .chunk(id: task.id, token: task.token, number: number, .stored(object)))
            try? connection.publish(subject, event.bytes)
        }
    }

    /// Makes the result of a task and sends it, until the broker has it. The task is acknowledged then.
    ///
    /// - Parameter isOver: Whether the work has ended, so that there is room for other work.
    private func conclude(_ job: WorkerJob, _ outcome: ResultEnvelope.Outcome, isOver: Bool) {
        guard job.conclude() else { return }
        let result = ResultEnvelope(of: job.task, worker: options.id, chunks: job.chunks, outcome)
        let bytes = result.bytes
        guard bytes.count <= ResultOutbox.largest else {
            // Unstructured: it may take a while, also beyond the work's own task, and the connection's thread must not wait.
            Task { [self] in await send(result, of: job) }
            return
        }
        tellStarts()
        if isOver { freeSlot(of: job) }
        outbox.send(bytes, of: job)
        if isOver { queues.fill(isPatient: true) }
    }

    /// Sends a large result until the broker has it, and acknowledges the task then.
    private func send(_ result: ResultEnvelope, of job: WorkerJob) async {
        let task = job.task
        var result = result
        var isStored = false
        while true {
            do throws(NATSError) {
                var bytes = result.bytes
                if bytes.count > Envelope.largest, !isStored,
                    case .success(.inline(let output), let next, let metadata) = result.outcome
                {
                    let object = task.id + ".output"
                    try await objects.put(object, unique: task.token + "o", JSONWriter.bytes(of: output))
                    result.outcome = .success(output: .stored(object), next: next, metadata: metadata)
                    bytes = result.bytes
                    isStored = true
                }
                if bytes.count > Envelope.largest {
                    let message = "what the node says beside its output has \(bytes.count) bytes"
                    result.outcome = .failure(NodeFailure(.tooLarge, message))
                    bytes = result.bytes
                }
                let id = "res.\(task.id).\(task.token)"
                let subject = names.result(task.shard, task.run, task.node)
                _ = try await stream.publish(subject, id: id, bytes, within: Self.publishTime)
                return acknowledge(job)
            } catch {
                logger.warning("result cannot be sent", metadata: ["id": "\(task.id)", "error": "\(error)"])
                // Without a connection there is nothing to do but wait, and the result is there.
                try? await clock.sleep(for: .milliseconds(200))
            }
        }
    }

    func acknowledge(_ job: WorkerJob) {
        // Should it be lost, the task is delivered again and answered from memory, or by the server.
        try? connection.say(.ack, of: job.delivery)
        let (isOver, hasFreedSlot) = job.acknowledged()
        forget(job, isOver: isOver, hasFreedSlot: hasFreedSlot)
    }

    /// Concludes work that takes too long, or does not heed its cancellation.
    func giveUp(_ job: WorkerJob, _ reason: WorkerJob.Interruption) {
        job.interrupt(reason)
        conclude(job, Self.failure(reason), isOver: false)
    }

    /// Has a node end whose result nobody wants any more.
    func cancel(_ message: NATSMessage) {
        guard let id = (try? JSONParser.parse(message.payload))?["id"]?.string else { return }
        state.withLock { $0.jobs[id] }?.interrupt(.cancellation)
    }
}
