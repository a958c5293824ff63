// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proof} from "./IZPUTypes.sol";

/// @title The job market: escrow, acceptance, proof, settlement
/// @notice Posted -> Accepted -> Proven -> Settled. Exits: Posted -> Cancelled; Accepted past its deadline -> Expired -> Refunded.
/// `settle`, `expire` and `refund` are anyone's to call; terminal states stay terminal.
interface IZPUJobs {
    enum State {
        None,
        Posted,
        Accepted,
        Proven,
        Settled,
        Cancelled,
        Expired,
        Refunded
    }

    /// @notice Terms of a job. `provider` is the owner address of the one node that may accept it. Times are Unix seconds.
    struct JobSpec {
        address provider;
        bytes32 modelId;
        bytes32 inputCommitment;
        uint256 price;
        uint64 acceptBy;
        uint64 deadline;
    }

    struct Job {
        State state;
        address requestor;
        address provider;
        bytes32 modelId;
        bytes32 inputCommitment;
        bytes32 outputCommitment;
        uint256 price;
        uint64 acceptBy;
        uint64 deadline;
    }

    event JobPosted(
        bytes32 indexed jobId,
        address indexed requestor,
        address indexed provider,
        bytes32 modelId,
        uint256 price
    );
    event JobAccepted(bytes32 indexed jobId, address indexed provider);
    event JobProven(bytes32 indexed jobId, address indexed provider, bytes32 outputCommitment);
    event JobSettled(bytes32 indexed jobId, address indexed provider, address payout, uint256 price);
    event JobCancelled(bytes32 indexed jobId);
    event JobExpired(bytes32 indexed jobId);
    event JobRefunded(bytes32 indexed jobId, address indexed requestor, uint256 price);

    error JobStateWrong(bytes32 jobId, State state);
    error JobExists(bytes32 jobId);
    error NotRequestor(address caller);
    error NotOperator(address caller);
    error ProviderInactive(address provider);
    error ModelNotProvable(bytes32 modelId);
    error PriceZero();
    error TimesInvalid(uint64 acceptBy, uint64 deadline);
    error CommitmentOutOfField(bytes32 commitment);
    error AcceptTooLate(uint64 acceptBy);
    error DeadlinePassed(uint64 deadline);
    error DeadlineAhead(uint64 deadline);
    /// The proof does not hold for this job's signals: another output, input, job, provider or chain.
    error ProofRefused(bytes32 jobId, bytes32 inputCommitment, bytes32 outputCommitment, uint256 context);
    /// The treasury given at deployment pays for another jobs contract.
    error TreasuryMismatch(address jobs);

    /// @notice Escrows `spec.price` (allowance needed) and opens the job. jobId = keccak256(abi.encode(requestor, nonce, keccak256(abi.encode(spec)))).
    function post(JobSpec calldata spec, uint256 nonce) external returns (bytes32 jobId);
    /// @notice The same with an EIP-2612 permit instead of an allowance. A permit that someone else has already submitted is no
    /// obstacle: what counts is the allowance.
    function postWithPermit(
        JobSpec calldata spec,
        uint256 nonce,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (bytes32 jobId);
    /// @notice Operator of the named provider only, until `acceptBy` (inclusive).
    function accept(bytes32 jobId) external;
    /// @notice Operator only, until `deadline` (inclusive). Context and input commitment come from storage, never from calldata.
    /// Malformed proofs revert with the errors of `IZPUProofVerifier.verify`, proofs of something else with `ProofRefused`.
    function prove(bytes32 jobId, bytes32 outputCommitment, Proof calldata proof) external;
    /// @notice Credits the price to the provider's payout address in the treasury.
    function settle(bytes32 jobId) external;
    /// @notice Accepted and past its deadline.
    function expire(bytes32 jobId) external;
    /// @notice Expired: credits the price back to the requestor in the treasury.
    function refund(bytes32 jobId) external;
    /// @notice Requestor only, while Posted: credits the price back in the treasury.
    function cancel(bytes32 jobId) external;

    /// @notice All zero with state None where there is no such job.
    function jobOf(bytes32 jobId) external view returns (Job memory);
    /// @notice uint256(keccak256(abi.encode(chainid, this, jobId, provider))) >> 8
    function contextOf(bytes32 jobId, address provider) external view returns (uint256);
    /// @notice The escrow of all open jobs together, in wei.
    function escrowed() external view returns (uint256);
}
