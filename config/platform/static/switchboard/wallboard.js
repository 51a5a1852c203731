// Asks for the figures every two seconds, and says so when they grow old.
"use strict";
(function () {
    var board = document.getElementById("board");
    var address = board.dataset.address;
    var failed = 0;

    async function look() {
        try {
            var answer = await fetch(address, { headers: { "X-Requested-With": "fetch" }, redirect: "error" });
            if (!answer.ok) { throw new Error(String(answer.status)); }
            board.innerHTML = await answer.text();
            failed = 0;
        } catch (error) {
            failed += 1;
        }
        board.classList.toggle("sb-stale", failed > 2);
        window.setTimeout(look, document.hidden ? 10000 : 2000);
    }

    window.setTimeout(look, 2000);
    document.getElementById("whole-screen").addEventListener("click", function () { board.requestFullscreen(); });
}());
