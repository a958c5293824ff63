// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Deployed} from "../support/Deployed.sol";

contract RegisterWithPermitTest is Deployed {
    function test_registerWithPermit_needsNoAllowance() public {
        (uint8 v, bytes32 r, bytes32 s) = permitOf(ownerKey, address(registry), MIN_STAKE, block.timestamp);
        vm.prank(owner);
        registry.registerWithPermit(operator, payout, PEER, MIN_STAKE, block.timestamp, v, r, s);
        assertTrue(registry.isActive(owner));
        assertEq(token.balanceOf(address(registry)), MIN_STAKE);
        assertEq(token.allowance(owner, address(registry)), 0);
    }

    function test_registerWithPermit_survivesACopiedPermit() public {
        (uint8 v, bytes32 r, bytes32 s) = permitOf(ownerKey, address(registry), MIN_STAKE, block.timestamp);
        vm.prank(stranger);
        token.permit(owner, address(registry), MIN_STAKE, block.timestamp, v, r, s);
        vm.prank(owner);
        registry.registerWithPermit(operator, payout, PEER, MIN_STAKE, block.timestamp, v, r, s);
        assertTrue(registry.isActive(owner));
    }

    function test_registerWithPermit_refusesAnotherPersonsPermit() public {
        (uint8 v, bytes32 r, bytes32 s) = permitOf(requestorKey, address(registry), MIN_STAKE, block.timestamp);
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(registry), 0, MIN_STAKE)
        );
        registry.registerWithPermit(operator, payout, PEER, MIN_STAKE, block.timestamp, v, r, s);
    }

    function test_registerWithPermit_refusesAnExpiredPermit() public {
        uint256 deadline = block.timestamp - 1;
        (uint8 v, bytes32 r, bytes32 s) = permitOf(ownerKey, address(registry), MIN_STAKE, deadline);
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(registry), 0, MIN_STAKE)
        );
        registry.registerWithPermit(operator, payout, PEER, MIN_STAKE, deadline, v, r, s);
    }
}
