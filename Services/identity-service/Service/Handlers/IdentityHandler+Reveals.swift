import Messages
import RPC
import ServiceRuntime
import Storage

// Numbers in clear, and who looked at them (E4).

extension IdentityHandler {
    func revealPerson(
        _ request: Identity.RevealPersonRequest, context: RequestContext
    ) async throws -> Identity.RevealPersonReply {
        let officer = try context.caller.officer()
        // The person is told a name.
        try officer.requireRecorded()
        var check = FormCheck()
        let reason = check.text(
            request.reason, "reason", "查看原因", required: true, longest: 200, hasLines: true)
        try refusing { () throws(Refusal) in try check.finish() }
        let seen = try await database.performOnce(
            RevealPerson(
                officer: officer, registrationID: request.registrationID, reason: reason,
                newID: ids()))
        return try guarding {
            Identity.RevealPersonReply(
                name: seen.form.name,
                idNumber: try personal.open(
                    seen.form.idNumber, .registrationIDNumber(person: seen.personID)),
                phone: try personal.open(
                    seen.form.phone, .registrationPhone(person: seen.personID)))
        }
    }

    func listReveals(
        _ request: Identity.ListRevealsRequest, context: RequestContext
    ) async throws -> Identity.ListRevealsReply {
        let person = try context.caller.applicant()
        let bounds = try PageBounds(request.page)
        let (found, total) = try database.fetch { rows in
            (
                try RevealStore.page(of: person, bounds, rows),
                try RevealStore.count(of: person, rows)
            )
        }
        let (page, next) = bounds.page(found) {
            PageCursor(sort: $0.atMilliseconds, id: $0.id)
        }
        return Identity.ListRevealsReply(
            reveals: page.map(\.message), nextCursor: next, total: total)
    }
}
