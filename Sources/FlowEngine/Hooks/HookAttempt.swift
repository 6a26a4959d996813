import FlowCore

/// One attempt at telling somebody of a run's end.
struct HookAttempt: Sendable {
    /// Reads a run that has ended.
    typealias Load = @Sendable (WorkflowID) async throws(ServiceError) -> WorkflowContext

    let hooks: CompletionHooks
    let engine: EngineEnvironment
    let load: Load

    /// Makes the attempt, away from the caller's thread: the event may be large.
    ///
    /// - Returns: what has become of the delivery; `nil` when the task was cancelled before there was an answer.
    @concurrent
    func make(_ delivery: Delivery) async -> Delivery? {
        let outcome: Delivery.Outcome
        do throws(CancellationError) {
            outcome = try await post(delivery)
        } catch {
            return nil
        }
        var concluded = delivery
        concluded.conclude(
            redacted(outcome), at: engine.clock.now, maximumAge: engine.limits.hooks.maximumAge,
            random: engine.random())
        return concluded
    }

    private func post(_ delivery: Delivery) async throws(CancellationError) -> Delivery.Outcome {
        let context: WorkflowContext
        do throws(ServiceError) {
            context = try await load(delivery.workflowID)
        } catch .notFound {
            return .refused("the run is not there any more")
        } catch {
            return .failed("the run cannot be read: \(error)", retryAfter: nil)
        }
        guard let hook = context.submission.onCompletion, context.completedAt == delivery.createdAt else {
            return .refused("another run has taken the id of the one that ended")
        }
        let id = Delivery.eventID(context)
        let body = hooks.encode(context, id, engine.limits.hooks.source)
        let seconds = engine.clock.now.milliseconds / 1000
        var headers = hook.headers.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        headers.append(("Content-Type", "application/cloudevents+json"))
        headers.append(("webhook-id", id))
        headers.append(("webhook-timestamp", String(seconds)))
        if let name = hook.secret {
            // The server may have been started anew with others since the run was accepted.
            guard let secret = engine.secrets?.secret(name.rawValue) else {
                return .failed("there is no secret \"\(name)\"", retryAfter: nil)
            }
            guard let signature = WebhookSignature(secret: secret) else {
                return .failed("the secret \"\(name)\" is no key", retryAfter: nil)
            }
            headers.append(("webhook-signature", signature.field(id: id, seconds: seconds, body: body)))
        }
        if let trace = context.submission.traceparent,
            hook.headers.keys.allSatisfy({ $0.lowercased() != "traceparent" })
        {
            headers.append(("traceparent", trace))
        }
        let request = WebhookRequest(url: hook.url, headers: headers, body: body, timeout: engine.limits.hooks.timeout)
        switch try await hooks.sender.post(request) {
        case .status(200...299, _): return .taken
        case .status(410, _): return .refused("the receiver answered with status 410")
        case .status(let status, let wish):
            return .failed("the receiver answered with status \(status)", retryAfter: wish)
        case .none(let reason): return .failed(reason, retryAfter: nil)
        }
    }

    private func redacted(_ outcome: Delivery.Outcome) -> Delivery.Outcome {
        func clear(_ reason: String) -> String { engine.secrets?.redacted(reason) ?? reason }
        return switch outcome {
        case .taken: .taken
        case .failed(let reason, let wish): .failed(clear(reason), retryAfter: wish)
        case .refused(let reason): .refused(clear(reason))
        }
    }
}
