import Domain
import Messages
import RPC
import ServiceRuntime
import Storage

// Applicants change unit, leave, or take their registration back (I8).

/// Asks declaration-service whether a person, by the keyed index of the ID number, has a declaration in flight.
typealias OpenDeclarations =
    @Sendable (_ personKey: [UInt8]) async throws(RPCError) -> Bool

extension IdentityHandler {
    func transferPerson(
        _ request: Identity.TransferPersonRequest, context: RequestContext
    ) async throws -> Identity.Registration {
        let person = try context.caller.applicant()
        let live = try database.fetch { rows in try RegistrationStore.live(of: person, rows) }
        try await requireNothingInFlight(person, live, event: .transfer)
        return try await maskedReply(
            try await database.perform(
                TransferPerson(
                    personID: person, unitID: request.unitID,
                    expectedVersion: request.expectedVersion),
                for: request, context: context))
    }

    func disablePerson(
        _ request: Identity.DisablePersonRequest, context: RequestContext
    ) async throws -> Identity.Registration {
        let officer = try context.caller.officer()
        var check = FormCheck()
        let reason = check.text(
            request.reason, "reason", "停用原因", required: true, longest: 500, hasLines: true)
        try refusing { () throws(Refusal) in try check.finish() }
        let found = try database.fetch { rows in
            try RegistrationStore.registration(request.id, rows)
        }
        // A foreign registration is not asked about: it answers as an unknown one.
        let own = found?.unitID == officer.unit.id ? found : nil
        try await requireNothingInFlight(own?.personID ?? "", own, event: .disable)
        return try await maskedReply(
            try await database.perform(
                DisablePerson(
                    actor: officer.personID, actorName: officer.name, unitID: officer.unit.id,
                    registrationID: request.id, expectedVersion: request.expectedVersion,
                    reason: reason),
                for: request, context: context))
    }

    func cancelRegistration(
        _ request: Identity.CancelRegistrationRequest, context: RequestContext
    ) async throws -> Identity.Registration {
        let person = try context.caller.applicant()
        return try await maskedReply(
            try await database.perform(
                CancelRegistration(
                    personID: person, registrationID: request.id,
                    expectedVersion: request.expectedVersion),
                for: request, context: context))
    }

    /// Asks only when the event is open at all, so that nothing is told of strangers.
    private func requireNothingInFlight(
        _ person: String, _ registration: StoredRegistration?, event: RegistrationPhase.Event
    ) async throws(RPCError) {
        guard let registration, registration.phase.after(event) != nil else { return }
        guard let openDeclarations else {
            throw RPCError(
                code: .failedPrecondition,
                message: "本部署没有连接申报服务 (--peer declaration-service)，不能核对在途申报")
        }
        let key = try database.fetch { rows in try PersonStore.person(person, rows)?.idIndex }
        guard try await !openDeclarations(key ?? []) else {
            throw RPCError(
                serviceError: Refusal.precondition("有在途的职称申报，办结或撤回后再办理"))
        }
    }

    private func maskedReply(
        _ registration: Identity.Registration
    ) async throws(RPCError) -> Identity.Registration {
        let form = try database.fetch { rows in
            try RegistrationStore.registration(registration.id, rows)?.form
        }
        return try masked(registration, number: form?.idNumber, phone: form?.phone)
    }
}
