import FlowCore
import FlowJSON
import FlowNATS
import Logging

extension DistributedBackend {
    /// Takes in a result, or several. On a thread of the connection's.
    func take(result message: NATSMessage) {
        guard let delivery = Delivery(message.reply) else { return }
        do throws(Envelope.Refusal) {
            guard message.subject.hasPrefix(link.batches) else {
                let result = try ResultEnvelope(reading: message.payload)
                let subject = link.names.result(link.shard, result.run, result.node)
                return take(result, message, isInPlace: message.subject == subject, ResultDelivery(delivery, of: 1))
            }
            let batch = try BatchEnvelope(reading: message.payload)
            let isInPlace = message.subject == link.names.results(of: batch.worker, for: link.shard)
            let shared = ResultDelivery(delivery, of: batch.results.count)
            for result in batch.results {
                switch result {
                case .success(let result):
                    take(result, message, isInPlace: isInPlace && result.worker == batch.worker, shared)
                case .failure(let refusal):
                    refuse("result refused", message, "\(refusal)")
                    done(shared)
                }
            }
        } catch {
            refuse("result refused", message, "\(error)")
            done(ResultDelivery(delivery, of: 1))
        }
    }

    private func take(_ result: ResultEnvelope, _ message: NATSMessage, isInPlace: Bool, _ delivery: ResultDelivery) {
        guard isInPlace else {
            refuse("result refused", message, "\(result.id) does not belong there")
            return done(delivery)
        }
        switch ledger.take(result, delivery) {
        case .wanted(let assignment): assignment.take(result)
        case .kept: break
        case .refused:
            // It goes when the attempt has ended: nothing that may be the only result is dropped before.
            refuse("result refused", message, "\(result.worker) was not given \(result.id)")
        }
    }

    private func refuse(_ what: Logger.Message, _ message: NATSMessage, _ reason: String) {
        logger.warning(what, metadata: ["subject": "\(message.subject)", "reason": "\(reason)"])
    }

    private func done(_ delivery: ResultDelivery) {
        if let delivery = delivery.done() { try? link.connection.say(.ack, of: delivery) }
    }

    /// Takes in what a worker tells while it works.
    func take(event message: NATSMessage) {
        let event: EventEnvelope
        do throws(Envelope.Refusal) { event = try EventEnvelope(reading: message.payload) } catch {
            return refuse("event refused", message, "\(error)")
        }
        switch event.kind {
        case .started(let tasks):
            for task in tasks {
                // One that is over has told so already.
                // Workers tell of what they work on again and again, so that a server learns of it that has just started.
                guard let assignment = ledger.assignment(task.id), !assignment.isOver, !assignment.isSought else {
                    continue
                }
                guard assignment.accepts(task.token) else {
                    refuse("event refused", message, "\(event.worker) was not given \(task.id)")
                    continue
                }
                assignment.start(by: event.worker, acknowledgement: task.acknowledgement)
                book.start(task.id, by: event.worker)
                if assignment.isOver { book.end(task.id, by: event.worker) }
            }
        case .returned(let id, let token, let acknowledgement):
            guard let assignment = ledger.assignment(id), assignment.accepts(token) else { return }
            assignment.returned(acknowledgement)
            book.end(id, by: event.worker)
        case .chunk(let id, let token, let number, let payload):
            guard let assignment = ledger.assignment(id), !assignment.isOver else { return }
            guard assignment.accepts(token) else {
                return refuse("event refused", message, "\(event.worker) was not given \(id)")
            }
            if case .inline(let chunk) = payload { return assignment.take(chunk: chunk, number: number) }
            // Unstructured: it has to be fetched, and no thread of the connection may wait for it.
            Task {
                guard let chunk = try? await load(payload) else { return }
                assignment.take(chunk: chunk, number: number)
            }
        }
    }

    /// Takes note of a worker.
    func take(registration message: NATSMessage) {
        do throws(Envelope.Refusal) {
            book.take(try RegistrationEnvelope(reading: message.payload), at: clock.now)
        } catch {
            refuse("registration refused", message, "\(error)")
        }
    }

    /// Hands what a worker has begun to others, since its connection has ended.
    func take(disconnect message: NATSMessage) {
        guard let event = try? JSONParser.parse(message.payload), let worker = event["client"]?["name"]?.string else {
            return
        }
        let tasks = book.tasks(of: worker)
        book.forget(worker)
        guard !tasks.isEmpty else { return }
        for id in tasks {
            guard let assignment = ledger.assignment(id), !assignment.isOver, let started = assignment.started,
                started.worker == worker, let delivery = Delivery(started.acknowledgement)
            else { continue }
            try? link.connection.say(.nak, of: delivery)
        }
        logger.notice("worker gone", metadata: ["worker": "\(worker)", "nodes": "\(tasks.count)"])
    }

    /// Answers whether a result is still wanted, or who takes results here.
    func answer(_ message: NATSMessage, instance: String) {
        guard let reply = message.reply, let question = try? JSONParser.parse(message.payload) else { return }
        if question["kind"] == "who" {
            // Whoever has no right to the shard does not answer for it.
            guard link.isReady else { return }
            try? link.connection.publish(
                reply, JSONWriter.bytes(of: ["v": 1, "instance": .string(instance), "batches": true]))
            return
        }
        guard question["kind"] == "wanted", let id = question["id"]?.string,
            let run = question["run"]?.string.flatMap(WorkflowID.init(checking:)),
            let node = question["node"]?.string, let attempt = question["attempt"]?.integer
        else { return refuse("question refused", message, "it is no such question") }
        // Unstructured: a journal may have to be read, and no thread of the connection may wait for it.
        Task {
            let isWanted: Bool
            if ledger.isAnswered(id) {
                isWanted = false
            } else if let assignment = ledger.assignment(id) {
                isWanted = !assignment.isOver
            } else if let context = try? await lookup(run) {
                isWanted = AttemptRecord(context, NodeID(node), attempt: Int(clamping: attempt)) == .open
            } else {
                return  // Nobody knows; the worker does the work.
            }
            var losses = 0
            if isWanted, let delivery = question["ack"]?.string, Delivery(delivery) != nil {
                losses = await self.losses(
                    id, run, NodeID(node), Int(clamping: attempt), token: question["token"]?.string, delivery: delivery)
            }
            try? link.connection.publish(
                reply, JSONWriter.bytes(of: ["v": 1, "wanted": .bool(isWanted), "losses": .integer(Int64(losses))]))
        }
    }

    /// Gives up parts of results that do not come.
    func giveUpChunks() {
        for assignment in ledger.held {
            let lost = assignment.giveUpChunks()
            if lost > 0 {
                logger.warning(
                    "parts of a result lost", metadata: ["id": "\(assignment.id)", "parts": "\(lost)"])
            }
        }
    }
}
