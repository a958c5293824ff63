// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Deployed} from "../support/Deployed.sol";
import {ZPUToken} from "../../src/ZPUToken.sol";

contract TokenTest is Deployed {
    function test_token_hasOneFixedSupply() public {
        ZPUToken fresh = new ZPUToken(stranger);
        assertEq(fresh.name(), "NZIDIA");
        assertEq(fresh.symbol(), "NZIDIA");
        assertEq(fresh.decimals(), 18);
        assertEq(fresh.totalSupply(), 1_000_000_000 ether);
        assertEq(fresh.balanceOf(stranger), fresh.totalSupply());
    }

    function test_token_permitIsGoodForOneChainAndOnce() public {
        (uint8 v, bytes32 r, bytes32 s) = permitOf(ownerKey, stranger, 5, block.timestamp);
        uint256 chainId = block.chainid;
        vm.chainId(999);
        vm.expectRevert();
        token.permit(owner, stranger, 5, block.timestamp, v, r, s);
        vm.chainId(chainId);
        token.permit(owner, stranger, 5, block.timestamp, v, r, s);
        assertEq(token.allowance(owner, stranger), 5);
        vm.expectRevert();
        token.permit(owner, stranger, 5, block.timestamp, v, r, s);
    }
}
