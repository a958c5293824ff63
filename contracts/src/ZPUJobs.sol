// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IZPUJobs} from "./interfaces/IZPUJobs.sol";
import {IZPUProofVerifier} from "./interfaces/IZPUProofVerifier.sol";
import {IZPURegistry} from "./interfaces/IZPURegistry.sol";
import {Proof} from "./interfaces/IZPUTypes.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {PermitCall} from "./libraries/PermitCall.sol";
import {ZPUTreasury} from "./ZPUTreasury.sol";

/// @title The job market (documented in `IZPUJobs`)
contract ZPUJobs is IZPUJobs, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev `Job` packed into six slots instead of seven.
    struct Entry {
        State state;
        address requestor;
        uint64 acceptBy;
        address provider;
        uint64 deadline;
        bytes32 modelId;
        bytes32 inputCommitment;
        bytes32 outputCommitment;
        uint256 price;
    }

    IERC20 public immutable TOKEN;
    IZPURegistry public immutable REGISTRY;
    IZPUProofVerifier public immutable VERIFIER;
    ZPUTreasury public immutable TREASURY;

    mapping(bytes32 jobId => Entry) private _jobs;
    /// @inheritdoc IZPUJobs
    uint256 public escrowed;

    constructor(IERC20 token, IZPURegistry registry, IZPUProofVerifier verifier, ZPUTreasury treasury) {
        if (treasury.JOBS() != address(this)) revert TreasuryMismatch(treasury.JOBS());
        TOKEN = token;
        REGISTRY = registry;
        VERIFIER = verifier;
        TREASURY = treasury;
    }

    /// @inheritdoc IZPUJobs
    function post(JobSpec calldata spec, uint256 nonce) external nonReentrant returns (bytes32 jobId) {
        return _post(spec, nonce);
    }

    /// @inheritdoc IZPUJobs
    function postWithPermit(
        JobSpec calldata spec,
        uint256 nonce,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (bytes32 jobId) {
        PermitCall.permitOrAllowance(IERC20Permit(address(TOKEN)), spec.price, deadline, v, r, s);
        return _post(spec, nonce);
    }

    /// @inheritdoc IZPUJobs
    function accept(bytes32 jobId) external {
        Entry storage job = _in(jobId, State.Posted);
        _onlyOperator(job.provider);
        if (block.timestamp > job.acceptBy) revert AcceptTooLate(job.acceptBy);
        if (!REGISTRY.isActive(job.provider)) revert ProviderInactive(job.provider);
        job.state = State.Accepted;
        emit JobAccepted(jobId, job.provider);
    }

    /// @inheritdoc IZPUJobs
    function prove(bytes32 jobId, bytes32 outputCommitment, Proof calldata proof) external {
        Entry storage job = _in(jobId, State.Accepted);
        address provider = job.provider;
        _onlyOperator(provider);
        if (block.timestamp > job.deadline) revert DeadlinePassed(job.deadline);
        bytes32 inputCommitment = job.inputCommitment;
        uint256 context = contextOf(jobId, provider);
        if (!VERIFIER.verify(job.modelId, [uint256(inputCommitment), uint256(outputCommitment), context], proof)) {
            revert ProofRefused(jobId, inputCommitment, outputCommitment, context);
        }
        job.state = State.Proven;
        job.outputCommitment = outputCommitment;
        emit JobProven(jobId, provider, outputCommitment);
    }

    /// @inheritdoc IZPUJobs
    function settle(bytes32 jobId) external nonReentrant {
        Entry storage job = _in(jobId, State.Proven);
        job.state = State.Settled;
        address payout = REGISTRY.nodeOf(job.provider).payout;
        emit JobSettled(jobId, job.provider, payout, job.price);
        _release(payout, job.price);
    }

    /// @inheritdoc IZPUJobs
    function expire(bytes32 jobId) external {
        Entry storage job = _in(jobId, State.Accepted);
        if (block.timestamp <= job.deadline) revert DeadlineAhead(job.deadline);
        job.state = State.Expired;
        emit JobExpired(jobId);
    }

    /// @inheritdoc IZPUJobs
    function refund(bytes32 jobId) external nonReentrant {
        Entry storage job = _in(jobId, State.Expired);
        job.state = State.Refunded;
        emit JobRefunded(jobId, job.requestor, job.price);
        _release(job.requestor, job.price);
    }

    /// @inheritdoc IZPUJobs
    function cancel(bytes32 jobId) external nonReentrant {
        Entry storage job = _in(jobId, State.Posted);
        if (job.requestor != msg.sender) revert NotRequestor(msg.sender);
        job.state = State.Cancelled;
        emit JobCancelled(jobId);
        _release(msg.sender, job.price);
    }

    /// @inheritdoc IZPUJobs
    function jobOf(bytes32 jobId) external view returns (Job memory) {
        Entry storage job = _jobs[jobId];
        return
            Job({
                state: job.state,
                requestor: job.requestor,
                provider: job.provider,
                modelId: job.modelId,
                inputCommitment: job.inputCommitment,
                outputCommitment: job.outputCommitment,
                price: job.price,
                acceptBy: job.acceptBy,
                deadline: job.deadline
            });
    }

    /// @inheritdoc IZPUJobs
    function contextOf(bytes32 jobId, address provider) public view returns (uint256) {
        return uint256(keccak256(abi.encode(block.chainid, address(this), jobId, provider))) >> 8;
    }

    function _post(JobSpec calldata spec, uint256 nonce) private returns (bytes32 jobId) {
        jobId = keccak256(abi.encode(msg.sender, nonce, keccak256(abi.encode(spec))));
        if (_jobs[jobId].state != State.None) revert JobExists(jobId);
        if (spec.price == 0) revert PriceZero();
        if (block.timestamp > spec.acceptBy || spec.acceptBy >= spec.deadline) {
            revert TimesInvalid(spec.acceptBy, spec.deadline);
        }
        if (uint256(spec.inputCommitment) >= Bn254.R) revert CommitmentOutOfField(spec.inputCommitment);
        if (!VERIFIER.hasVk(spec.modelId)) revert ModelNotProvable(spec.modelId);
        if (!REGISTRY.isActive(spec.provider)) revert ProviderInactive(spec.provider);
        _jobs[jobId] = Entry({
            state: State.Posted,
            requestor: msg.sender,
            acceptBy: spec.acceptBy,
            provider: spec.provider,
            deadline: spec.deadline,
            modelId: spec.modelId,
            inputCommitment: spec.inputCommitment,
            outputCommitment: 0,
            price: spec.price
        });
        escrowed += spec.price;
        emit JobPosted(jobId, msg.sender, spec.provider, spec.modelId, spec.price);
        TOKEN.safeTransferFrom(msg.sender, address(this), spec.price);
    }

    /// @dev Escrow leaves only here, once per job: each caller has just moved its job into a terminal state.
    function _release(address account, uint256 amount) private {
        escrowed -= amount;
        TOKEN.safeTransfer(address(TREASURY), amount);
        TREASURY.credit(account, amount);
    }

    function _in(bytes32 jobId, State state) private view returns (Entry storage job) {
        job = _jobs[jobId];
        if (job.state != state) revert JobStateWrong(jobId, job.state);
    }

    function _onlyOperator(address provider) private view {
        if (REGISTRY.ownerOf(msg.sender) != provider) revert NotOperator(msg.sender);
    }
}
