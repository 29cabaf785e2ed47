"""HearMe: 50 tracks for every music listener."""
