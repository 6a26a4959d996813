public import FlowCore
public import FlowEngine
import FlowJSON
import FlowSystem

/// Posts events over HTTP, within the policy of what may be called.
public struct OutboundWebhookSender: WebhookSender {
    /// So much of an answer is read; what it says beyond its status is of no interest.
    private static let answerBytes = 64 << 10
    /// The largest header field that a hook may have, name and value together.
    private static let fieldBytes = 4096

    private let calls: OutboundHTTP
    private let clock: any WallClock

    /// Makes a sender.
    ///
    /// - Parameters:
    ///   - calls: How it calls out.
    ///   - clock: What its timeouts go by.
    public init(calls: OutboundHTTP, clock: any WallClock) {
        self.calls = calls
        self.clock = clock
    }

    /// Everything that keeps a hook from being called: a URL that cannot be or leads to an address that may not be, and
    /// header fields that cannot be sent or are the event's own.
    public func issues(of hook: CompletionHook) -> [ValidationIssue] {
        var issues: [ValidationIssue] = []
        if let url = OutboundURL(hook.url) {
            // A name is looked up when it is called, each time anew.
            if let answer = AddressResolver.address(writtenAs: url.host),
                let refusal = calls.policy.refusal(of: answer.address, text: answer.text)
            {
                issues.append(ValidationIssue(["url"], "calling \"\(url.host)\" is not allowed: \(refusal)"))
            }
        } else {
            issues.append(ValidationIssue(["url"], "expected an absolute http or https URL without credentials"))
        }
        for (name, value) in hook.headers.sorted(by: { $0.key < $1.key }) {
            let place: JSONPointer = ["headers", .name(name)]
            if !HeaderField.isAcceptable(name, value) || name.utf8.count + value.utf8.count > Self.fieldBytes {
                issues.append(ValidationIssue(place, "not a header field that can be sent"))
            } else if name.lowercased() == "content-type" || name.lowercased().hasPrefix("webhook-") {
                issues.append(ValidationIssue(place, "the event has this field itself"))
            }
        }
        return issues
    }

    /// Posts an event.
    public func post(_ request: WebhookRequest) async throws(CancellationError) -> WebhookAnswer {
        guard let url = OutboundURL(request.url) else { return .none("the URL cannot be called") }
        let call = OutboundHTTP.Call(
            method: "POST", url: url, headers: request.headers, body: request.body,
            maxResponseBytes: Self.answerBytes, cutsResponse: true, followsRedirects: false, timeout: request.timeout)
        do {
            let answer = try await calls.send(call, on: clock)
            let wish = answer.head["retry-after"]
            return .status(
                answer.head.status,
                retryAfter: wish.flatMap { Int32($0) }.flatMap { $0 >= 0 ? .seconds(Int($0)) : nil })
        } catch let failure as NodeFailure {
            return .none(failure.message)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return .none("the call failed: \(error)")
        }
    }
}
