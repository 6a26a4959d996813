/// What goes wrong in a simulation, drawn from its seed. Each kind is left out of about half of all seeds, since faults
/// hide one another; each has a budget, after which nothing more goes wrong.
struct FaultPlan: Sendable {
    /// How often the server crashes.
    var crashes = 0
    /// How often it is stopped in order and started again.
    var stops = 0
    /// How many batches the journal refuses, and out of a hundred how many while it does.
    var failedWrites = 0
    var failedWritePercent = 0
    /// How many reads of the journal fail, and out of a hundred how many while they do.
    var failedReads = 0
    var failedReadPercent = 0
    /// The longest that a write, and then its confirmation, takes in milliseconds.
    var slowestWrite = 0
    /// How many executions the backend refuses, and out of a hundred how many while it does.
    var refusals = 0
    var refusalPercent = 0
    /// How many times nobody takes what is told of the end of runs, and out of a hundred how many while that is so.
    var failedDeliveries = 0
    var failedDeliveryPercent = 0
    /// Out of a hundred how many runs somebody cancels.
    var cancelPercent = 0
    /// Out of a hundred how many runs somebody pauses, and how many are moved to another backend.
    var pausePercent = 0
    var movePercent = 0
    /// Out of a hundred how many calls their clients give up before they are answered.
    var impatience = 0
    /// Out of a thousand steps so many move the time although there is work: a machine that is slow.
    var haste = 0

    /// Nothing goes wrong.
    static let none = FaultPlan()

    /// Whether a node may lose sight of a run that it has started, while no crash takes the node along.
    var mayLoseSight: Bool { failedWrites + failedReads + stops > 0 }

    /// How long it takes at most until what one run wants of another has come there: failures of the journal and
    /// servers that have to start anew are waited for.
    var longestSilence: Duration {
        .seconds(5) + .seconds(6) * (failedWrites + failedReads) + .seconds(1) * (crashes + stops)
    }

    private init() {}

    init(using generator: inout SeededGenerator) {
        if generator.chance(60) { crashes = generator.number(1...4) }
        if generator.chance(20) { stops = generator.number(1...2) }
        if generator.chance(35) {
            failedWrites = generator.number(1...4)
            failedWritePercent = generator.number(5...50)
        }
        if generator.chance(20) {
            failedReads = generator.number(1...3)
            failedReadPercent = generator.number(5...50)
        }
        if generator.chance(60) { slowestWrite = generator.number(1...40) }
        if generator.chance(40) {
            refusals = generator.number(1...8)
            refusalPercent = generator.number(5...60)
        }
        if generator.chance(40) { cancelPercent = generator.number(10...80) }
        if generator.chance(30) { pausePercent = generator.number(10...80) }
        if generator.chance(25) { movePercent = generator.number(10...80) }
        if generator.chance(25) { impatience = generator.number(5...40) }
        if generator.chance(35) { haste = generator.number(1...60) }
        if generator.chance(40) {
            failedDeliveries = generator.number(1...6)
            failedDeliveryPercent = generator.number(20...100)
        }
    }
}
