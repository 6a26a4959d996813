import FlowNATS
import Testing

@Suite("what a reply subject says of a delivery")
struct DeliveryTests {
    @Test(
        "is read from what streams send, with a domain and without",
        arguments: [
            ("$JS.ACK.TASKS.queue.3.17.5.1700000000000000000.0", 3),
            ("$JS.ACK.TASKS.queue.12.17.5.1700000000000000000.0", 12),
            ("$JS.ACK.hub.hash.TASKS.queue.4.17.5.1700000000000000000.0", 4),
            ("$JS.ACK.hub.hash.TASKS.queue.4.17.5.1700000000000000000.0.token", 4),
        ])
    func read(subject: String, count: Int) throws {
        let delivery = try #require(Delivery(subject))
        #expect(delivery.count == count && delivery.subject == subject)
    }

    @Test(
        "is not read from anything else",
        arguments: [
            nil, "", "$JS.ACK.", "_INBOX.a.r.1", "$JS.ACK.TASKS.queue.3.17.5.1700000000000000000",
            "$JS.ACK.hash.TASKS.queue.3.17.5.1700000000000000000.0", "$JS.ACK.TASKS.queue.x.17.5.1700000000000000000.0",
            "$JS.ACK.TASKS.queue.3.x.5.1700000000000000000.0", "$JS.ACK.TASKS.queue..17.5.1700000000000000000.0",
            "$JS.ACK.hub.hash.TASKS.queue.4.x.5.1700000000000000000.0", "$JS.ACK.........",
        ] as [String?])
    func refuse(subject: String?) { #expect(Delivery(subject) == nil) }
}
