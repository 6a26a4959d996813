import FlowCore
import FlowEngine
import Testing

@Suite("deliveries")
struct DeliveryTests {
    static let time = Timestamp(milliseconds: 1_700_000_000_000)
    static let delivery = Delivery(
        sequence: 1, workflowID: WorkflowID("r"), origin: "https://example.org", createdAt: time)

    @Test("attempts are doubled apart up to an hour, up to a fifth more or less")
    func delays() {
        var seconds: [Int64] = []
        for attempt in 1...14 {
            let middle = Delivery.delay(afterAttempts: attempt, random: 0.5)
            seconds.append(middle.components.seconds)
            #expect(Delivery.delay(afterAttempts: attempt, random: 0) == middle * 4 / 5)
            #expect(Delivery.delay(afterAttempts: attempt, random: 1) == middle * 6 / 5)
        }
        #expect(seconds == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600])
        #expect(Delivery.delay(afterAttempts: .max, random: 0.5) == .seconds(3600))
    }

    @Test("a delivery that nobody takes ends with its age")
    func age() {
        var delivery = Self.delivery
        var now = Self.time
        while let next = delivery.nextAttemptAt {
            #expect(next >= now && delivery.status == .pending)
            now = next
            delivery.conclude(
                .failed("no", retryAfter: nil), at: now, maximumAge: .seconds(3 * 86400), random: 0.5)
        }
        #expect(delivery.status == .failed && delivery.attempts == 83 && delivery.lastError == "no")
        #expect(now > Self.time.advanced(by: .seconds(3 * 86400 - 3600)))
    }

    @Test("a receiver's wish for a later attempt counts, up to an hour")
    func wishes() {
        for (wish, seconds): (Duration, Int64) in [(.zero, 1), (.seconds(5), 5), (.seconds(86400), 3600)] {
            var delivery = Self.delivery
            delivery.conclude(
                .failed("no", retryAfter: wish), at: Self.time, maximumAge: .seconds(86400), random: 0.5)
            #expect(delivery.nextAttemptAt == Self.time.advanced(by: .seconds(seconds)))
        }
    }

    @Test("what was taken or refused is not tried again")
    func ends() {
        var taken = Self.delivery
        taken.conclude(.failed("no", retryAfter: nil), at: Self.time, maximumAge: .seconds(60), random: 0)
        taken.conclude(.taken, at: Self.time, maximumAge: .seconds(60), random: 0)
        #expect(
            taken.status == .delivered && taken.nextAttemptAt == nil && taken.lastError == nil && taken.attempts == 2)
        var refused = Self.delivery
        refused.conclude(.refused("gone"), at: Self.time, maximumAge: .seconds(60), random: 0)
        #expect(refused.status == .failed && refused.nextAttemptAt == nil && refused.lastError == "gone")
    }

    @Test("a signature is the one that Standard Webhooks gives as its example")
    func signature() throws {
        let signature = try #require(WebhookSignature(secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let field = signature.field(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330, body: Array("{\"test\": 2432232314}".utf8))
        #expect(field == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(WebhookSignature(secret: "whsec_") == nil && WebhookSignature(secret: "whsec_%") == nil)
    }

    @Test("the origin of a URL is told without what may be a secret")
    func origins() {
        for (url, origin) in [
            ("https://example.org/a/b?c", "https://example.org"), ("http://example.org:81", "http://example.org:81"),
            ("http://[::1]:8/x", "http://[::1]:8"), ("http://example.org?token=x", "http://example.org"),
            ("http://example.org#x", "http://example.org"),
        ] {
            #expect(CompletionHook(url: url).origin == origin)
        }
    }
}
