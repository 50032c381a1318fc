# Find the Python that the wheels are for and run install.py:
#     powershell -ExecutionPolicy Bypass -File install.ps1 [FOLDER]
param([string]$Folder)
$fits = "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '@PYTHON@')"
$arguments = @((Join-Path $PSScriptRoot "install.py"))
# Ending in a dot, because a closing backslash would escape the quote that follows it.
if ($Folder) { $arguments += (Join-Path $Folder ".") }
foreach ($python in @($env:PYTHON, "python@PYTHON@", "python3", "python", "py")) {
    if (-not $python) { continue }
    if (-not (Get-Command $python -ErrorAction SilentlyContinue)) { continue }
    $version = @()
    if ($python -eq "py") { $version = @("-@PYTHON@") }
    & $python @version -c $fits 2>&1 | Out-Null
    if ($LASTEXITCODE -eq 0) {
        & $python @version @arguments
        exit $LASTEXITCODE
    }
}
Write-Host "Python @PYTHON@ is needed, and neither python@PYTHON@, python3, python nor py is that."
Write-Host "Install it, or put its path into the variable PYTHON."
exit 1
